import { basename, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MANIFEST, needsSqlite, ROOT, SQLITE } from '../project/package-json.js';
import { packageSource } from '../project/package-source.js';
import { projectFiles } from '../project/project-files.js';
import { nameProblem } from '../project/project-name.js';
import { type Language, TEMPLATES, type TemplateName } from '../project/templates.js';
import { refuseTaken, writeProject } from '../project/write-project.js';
import { GatewayError } from '../base/errors.js';
import { askLanguage, askTemplate, Questions } from './new-questions.js';
import type { NewOptions } from './options.js';
import { say } from './this-program.js';

const LANGUAGES: Readonly<Record<Language, string>> = { typescript: 'TypeScript', javascript: 'JavaScript' };

/** Makes a project, for `npm install`. What the options leave open is asked, on a terminal. */
export async function newProject(given: string, options: NewOptions): Promise<void> {
  if (given.trim() === '')
    throw new GatewayError(
      'GW_PROJECT',
      'An empty name was given; expected that of a new folder, such as my-app.',
    );
  const folder = resolve(given);
  const name = basename(folder);
  const problem = nameProblem(name, MANIFEST.name);
  if (problem !== undefined)
    throw new GatewayError('GW_PROJECT', `'${name}' is no name for a project: ${problem}`);
  await refuseTaken(folder);
  const source = await packageSource(MANIFEST, fileURLToPath(ROOT).replace(/[\\/]$/, ''), folder);

  const { template, language } = await chosen(options);
  const files = await projectFiles(name, template, language, source);
  await writeProject(folder, files, source);

  const { title, next, sqlite } = TEMPLATES[template];
  const steps = [
    ...(folder === process.cwd() ? [] : [`cd ${relative(process.cwd(), folder)}`]),
    'npm install',
    'npm test',
  ];
  say(
    `${folder}: a ${title} in ${LANGUAGES[language]}, ${files.size} files`,
    '',
    ...steps.map((step) => `  ${step}`),
    `  npm start      then ${next}`,
    '',
    'README.md there says the rest.',
  );
  if (sqlite === true && needsSqlite(process.versions.node)) {
    say(
      '',
      `Node.js ${process.versions.node} has no SQLite, so npm installs ${SQLITE} as well; where there is no binary of it, that takes`,
      'a compiler and two minutes. With Node.js 22.16 or later, make the project anew, or remove that line from package.json.',
    );
  }
}

async function chosen({
  template,
  ts,
  js,
}: NewOptions): Promise<{ template: TemplateName; language: Language }> {
  const language = js === true ? 'javascript' : ts === true ? 'typescript' : undefined;
  if (template !== undefined && language !== undefined) return { template, language };
  if (!process.stdin.isTTY || !process.stdout.isTTY) {
    return { template: template ?? 'chat', language: language ?? 'typescript' };
  }
  const questions = new Questions();
  try {
    return {
      template: template ?? (await askTemplate(questions)),
      language: language ?? (await askLanguage(questions)),
    };
  } finally {
    questions.close();
  }
}
