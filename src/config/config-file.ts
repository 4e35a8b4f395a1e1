import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, extname, join, resolve } from 'node:path';
import { messageOf } from '../base/error-text.js';
import { GatewayError } from '../base/errors.js';

const BASE_NAME = 'gatewayworker.config';

type Parse = (text: string) => unknown;

/** How a data format is read; a parser is loaded for its own files only. Module formats (TypeScript, JavaScript) are executed instead. */
const DATA_FORMATS: ReadonlyMap<string, () => Promise<Parse>> = new Map<string, () => Promise<Parse>>([
  ['.json', async () => (await import('confbox/json')).parseJSON],
  ['.jsonc', jsoncParser],
  ['.yaml', yamlParser],
  ['.yml', yamlParser],
  ['.toml', async () => (await import('confbox/toml')).parseTOML],
]);
const MODULE_EXTENSIONS = ['.ts', '.mts', '.cts', '.js', '.mjs', '.cjs'];
const EXTENSIONS = [...DATA_FORMATS.keys(), ...MODULE_EXTENSIONS];

/**
 * The configuration file to use: `file` when given (relative to `cwd`), else the one `gatewayworker.config.*` in `cwd`.
 *
 * @returns its absolute path, or `undefined` when there is none
 * @throws GatewayError GW_CONFIG when `file` does not exist or cannot be a configuration, or when `cwd` holds two
 */
export async function findConfigFile(cwd: string, file?: string): Promise<string | undefined> {
  if (file !== undefined) return namedFile(resolve(cwd, file));
  const names = new Set(await readdir(cwd));
  const candidates = EXTENSIONS.map((extension) => BASE_NAME + extension).filter((name) => names.has(name));
  if (candidates.length > 1) {
    throw new GatewayError(
      'GW_CONFIG',
      `${cwd} holds ${candidates.length} configuration files, ${candidates.join(' and ')}: ` +
        'expected one. Remove the others, or name the one to use with -c FILE.',
    );
  }
  return candidates.length === 1 ? join(cwd, candidates[0]) : undefined;
}

async function namedFile(path: string): Promise<string> {
  const stats = await stat(path).catch((error: NodeJS.ErrnoException) => {
    const found = error.code === 'ENOENT' ? 'does not exist' : `cannot be read (${error.code})`;
    throw new GatewayError(
      'GW_CONFIG',
      `The configuration file ${path} ${found}: check the path given with -c.`,
    );
  });
  if (!stats.isFile() || !EXTENSIONS.includes(extname(path))) {
    const found = stats.isFile() ? extname(path) || 'no extension' : 'no file';
    throw new GatewayError(
      'GW_CONFIG',
      `The configuration ${path} is ${found}: expected a file that ends in ${EXTENSIONS.join(', ')}.`,
    );
  }
  return path;
}

/**
 * What the file says, as plain data that the caller may change.
 *
 * @param stateDir where a program is compiled to, if not beside it
 * @throws GatewayError GW_CONFIG with file, line and column for a syntax error
 */
export async function readConfigFile(path: string, stateDir: string): Promise<unknown> {
  const format = DATA_FORMATS.get(extname(path));
  if (!format) {
    const { importConfig } = await import('./config-module.js');
    return plainData(path, await importConfig(path, stateDir));
  }

  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new GatewayError('GW_CONFIG', `The configuration file ${path} cannot be read (${error.code}).`);
  });
  const parse = await format();
  let value: unknown;
  try {
    value = parse(text);
  } catch (error) {
    const { syntaxError } = await import('./syntax-error.js');
    throw await syntaxError(path, text, error);
  }
  return plainData(path, value);
}

async function jsoncParser(): Promise<Parse> {
  const { parseJSONC } = await import('confbox/jsonc');
  return (text) => parseJSONC(text, { allowTrailingComma: true });
}

/** A file of comments only means "the defaults", as it does in TOML; the YAML parser wants a document. */
async function yamlParser(): Promise<Parse> {
  const { parseYAML } = await import('confbox/yaml');
  return (text) => (text.split('\n').every((line) => /^\s*(#|$)/.test(line)) ? {} : parseYAML(text));
}

/** A copy, since a module's object may be frozen or shared; of ordinary objects, where the TOML parser's have no prototype. */
function plainData(path: string, value: unknown): unknown {
  try {
    return structuredClone(value);
  } catch (error) {
    const reason = messageOf(error);
    throw new GatewayError(
      'GW_CONFIG',
      `${basename(path)} must give plain data (strings, numbers, booleans, lists, objects): ${reason}`,
    );
  }
}
