import { randomUUID } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { BuildFailure } from 'esbuild';
import { bundle } from '../bundle.js';
import { GatewayError } from '../errors.js';
import { moduleSyntaxError } from './syntax-error.js';

/** Beside the configuration, so that node resolves the packages that it imports. */
const FOLDER = '.gatewayworker';

/**
 * Runs a configuration in TypeScript or JavaScript and returns its default export; of a function, the result.
 *
 * @throws GatewayError GW_CONFIG when it does not compile, throws, or exports no default
 */
export async function importConfig(path: string): Promise<unknown> {
  // A name of its own for each run: node caches modules by URL, and two nodes may start at once.
  const file = join(dirname(path), FOLDER, `config-${randomUUID()}.mjs`);
  const code = await compile(path, file);
  await write(path, file, code);
  try {
    return await evaluate(path, file);
  } finally {
    await rm(file, { force: true });
  }
}

async function compile(path: string, file: string): Promise<string> {
  try {
    const [code] = await bundle(path, file, { sourcemap: 'inline' });
    return code.text;
  } catch (failure) {
    if (failure instanceof GatewayError) throw failure;
    throw moduleSyntaxError(path, (failure as BuildFailure).errors);
  }
}

async function write(path: string, file: string, code: string): Promise<void> {
  const folder = dirname(file);
  try {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, '.gitignore'), '*\n');
    await writeFile(file, code);
  } catch (cause) {
    throw new GatewayError(
      'GW_CONFIG',
      `${basename(path)} is compiled into ${folder}, which cannot be written: ${messageOf(cause)}. ` +
        'Make it writable, or use a JSON, YAML or TOML configuration.',
      { cause },
    );
  }
}

async function evaluate(path: string, file: string): Promise<unknown> {
  let exported: unknown;
  try {
    const module: { readonly default?: unknown } = await import(pathToFileURL(file).href);
    exported = typeof module.default === 'function' ? await module.default() : module.default;
  } catch (cause) {
    throw new GatewayError('GW_CONFIG', `${path} failed while it ran: ${messageOf(cause)}`, { cause });
  }
  if (exported === undefined) {
    throw new GatewayError(
      'GW_CONFIG',
      `${path} exports no configuration: expected "export default" of an object, or of a function that returns one.`,
    );
  }
  return exported;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
