import { randomBytes } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packageJson, ROOT } from './package-json.js';
import type { PackageSource } from './package-source.js';
import { type Language, type TemplateName, TEMPLATES } from './templates.js';

/** Its path within the project, and what is in it. */
export type ProjectFiles = ReadonlyMap<string, string>;

/** The templates, and in `project` what all of them have. Each has its JavaScript in `javascript`. */
const EXAMPLES = fileURLToPath(new URL('docs/examples/', ROOT));
const COMMON = 'project';
const README = 'README.md';
const DOCKERFILE = 'Dockerfile';
const JAVASCRIPT = 'javascript';
/** What the templates call the project. */
const PLACEHOLDER = 'my-app';
/** In place of a secret of which every project gets its own. */
const SECRET = '%SECRET%';

/** All files of a new project. */
export async function projectFiles(
  name: string,
  template: TemplateName,
  language: Language,
  source: PackageSource,
): Promise<ProjectFiles> {
  const common = await filesBelow(COMMON);
  const own = await filesBelow(template);
  // what the template is, and then what all projects have
  own.set(README, `${own.get(README)}${common.get(README)}`);
  const found = new Map([...common, ...own]);
  for (const port of TEMPLATES[template].ports ?? []) {
    found.set(DOCKERFILE, `${found.get(DOCKERFILE)}`.replace(/EXPOSE .*/, `$& ${port}`));
    found.set(README, `${found.get(README)}`.replace(/(docker run .*)( \S+)$/m, `$1 -p ${port}:${port}$2`));
  }
  const files = new Map<string, string>();
  files.set('package.json', packageJson(name, TEMPLATES[template], language, source));
  for (const [path, text] of found) {
    const place = placeIn(language, path);
    if (place !== undefined)
      files.set(place.replaceAll(PLACEHOLDER, name), textFor(name, language, place, text));
  }
  if (source.tarball !== undefined) files.set(DOCKERFILE, withTarball(files.get(DOCKERFILE) ?? '', source));
  return files;
}

/** What lies in a folder of the examples, but for what somebody who has run them has left there. */
async function filesBelow(folder: string): Promise<Map<string, string>> {
  const root = join(EXAMPLES, folder);
  const files = new Map<string, string>();
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name).slice(root.length + 1);
    if (entry.isFile() && !/(?:^|\/)\./.test(path)) files.set(path, await readFile(join(root, path), 'utf8'));
  }
  return files;
}

/** Where a template's file goes; undefined when it is the other language's. */
function placeIn(language: Language, path: string): string | undefined {
  const [first, ...rest] = path.split('/');
  if (first === JAVASCRIPT) return language === 'javascript' ? rest.join('/') : undefined;
  if (language === 'javascript' && (path.endsWith('.ts') || path === 'tsconfig.json')) return undefined;
  // npm leaves out of a package what git ignores by, and the name in an example would make it ignore by that
  return path.replace(/^_/, '.');
}

function textFor(name: string, language: Language, path: string, text: string): string {
  const named = text
    .replaceAll(PLACEHOLDER, name)
    .replaceAll(SECRET, () => randomBytes(24).toString('base64url'));
  const mentions = language === 'javascript' && /\.(?:md|jsonc?)$/.test(path);
  return mentions
    ? named.replaceAll(/\b([\w-]+)\.ts\b/g, '$1.js').replaceAll('TypeScript', 'JavaScript')
    : named;
}

/** The tarball is among what npm needs. */
function withTarball(dockerfile: string, { specifier }: PackageSource): string {
  return dockerfile.replace('package-lock.json', `package-lock.json ${specifier.slice('file:'.length)}`);
}
