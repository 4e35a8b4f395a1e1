import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { GatewayError } from '../base/errors.js';

const TSCONFIG = 'tsconfig.json';

/** What can be said of the types in a folder when no error was found: they were checked, or why they were not. */
export interface TypeCheck {
  readonly checked: boolean;
  readonly text: string;
}

/**
 * Runs the user's own TypeScript, with the nearest tsconfig.json, on a folder. What it finds it says itself, on this
 * process's output.
 *
 * @throws GW_EVENTS_COMPILE when it finds errors
 */
export async function checkTypes(folder: string): Promise<TypeCheck> {
  const typescript = await findTypeScript(folder);
  if (typescript === undefined) {
    return {
      checked: false,
      text: 'not checked: there is no TypeScript here (npm install --save-dev typescript)',
    };
  }
  const project = await findProject(folder);
  if (project === undefined) {
    return { checked: false, text: `not checked: there is no ${TSCONFIG} in ${folder} or above it` };
  }
  const compiler = spawn(process.execPath, [typescript.program, '--noEmit', '-p', project], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const [status, signal] = (await once(compiler, 'close')) as [number | null, NodeJS.Signals | null];
  if (status === 0)
    return { checked: true, text: `no errors (TypeScript ${typescript.version}, ${project})` };
  throw new GatewayError(
    'GW_EVENTS_COMPILE',
    signal === null
      ? `TypeScript ${typescript.version} found errors with ${project}: see above.`
      : `TypeScript ${typescript.version} was ended by ${signal} before it was done with ${project}.`,
  );
}

async function findTypeScript(folder: string): Promise<{ program: string; version: string } | undefined> {
  try {
    const manifest = createRequire(join(folder, 'index.js')).resolve('typescript/package.json');
    const { version, bin } = JSON.parse(await readFile(manifest, 'utf8')) as {
      version: string;
      bin: { tsc: string };
    };
    return { program: resolve(dirname(manifest), bin.tsc), version };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}

/** The nearest tsconfig.json, in the folder or above it. */
async function findProject(folder: string): Promise<string | undefined> {
  for (let at = folder; ; at = dirname(at)) {
    const file = join(at, TSCONFIG);
    const found = await readFile(file).then(
      () => true,
      () => false,
    );
    if (found) return file;
    if (dirname(at) === at) return undefined;
  }
}
