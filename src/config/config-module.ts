import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, type BuildFailure, type Loader, type Plugin } from 'esbuild';
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
  const code = await compile(path);
  // A name of its own for each run: node caches modules by URL, and two nodes may start at once.
  const file = join(dirname(path), FOLDER, `config-${randomUUID()}.mjs`);
  await write(path, file, code);
  try {
    return await evaluate(path, file);
  } finally {
    await rm(file, { force: true });
  }
}

async function compile(path: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [path],
    absWorkingDir: dirname(path),
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    packages: 'external',
    sourcemap: 'inline',
    logLevel: 'silent',
    define: {
      'import.meta.url': '__configUrl',
      'import.meta.dirname': '__configDirname',
      'import.meta.filename': '__configFilename',
    },
    plugins: [importMeta],
  }).catch((failure: BuildFailure) => {
    throw moduleSyntaxError(path, failure.errors);
  });
  return outputFiles[0].text;
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

/**
 * The bundle lies elsewhere than its sources: each source that asks for its own place is told where it was.
 * The constants stand on the source's first line, so that line numbers stay true.
 */
const importMeta: Plugin = {
  name: 'import-meta',
  setup(hooks) {
    hooks.onLoad({ filter: /\.[cm]?[jt]s$/, namespace: 'file' }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      if (!source.includes('import.meta')) return undefined;
      const constants =
        `const __configUrl = ${JSON.stringify(pathToFileURL(path).href)}, ` +
        `__configDirname = ${JSON.stringify(dirname(path))}, __configFilename = ${JSON.stringify(path)};`;
      return { contents: constants + source, loader: loaderOf(path), resolveDir: dirname(path) };
    });
  },
};

function loaderOf(path: string): Loader {
  return extname(path).endsWith('ts') ? 'ts' : 'js';
}
