import { readFile } from 'node:fs/promises';
import { dirname, extname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Loader, type Plugin, type PluginBuild, build } from 'esbuild';

/** What a source asks for its own place, and the constant that it gets instead: the bundle lies elsewhere. */
export const SOURCE_CONSTANTS: Readonly<Record<string, string>> = {
  'import.meta.url': '__sourceUrl',
  'import.meta.dirname': '__sourceDirname',
  'import.meta.filename': '__sourceFilename',
  __dirname: '__sourceDirname',
  __filename: '__sourceFilename',
};

const OWN_PLACE = /\bimport\.meta\b|\b__(?:dirname|filename)\b/;
const REQUIRE = /\brequire\b/;
/** As esbuild prints it. */
const REQUIRE_LITERAL = /\b__sourceRequire\(("(?:[^"\\]|\\["\\])*")\)/g;
const OWN_PACKAGE = /^gatewayworker(?:\/(?:client|database))?$/;
const BUNDLED = /\.(?:[cm]?[jt]sx?|json)$/;

/**
 * Tells each source that asks for its own place where it was, and gives it a `require` if it uses one. What is required
 * by its name and is a file of the user's is bundled as if it were imported. Everything else (packages, names that are
 * made up as the code runs, files that may be missing) is required by node, from the source's own place, when its time comes.
 */
export const userSources: Plugin = {
  name: 'user-sources',
  setup(hooks) {
    hooks.onLoad({ filter: /\.[cm]?[jt]sx?$/, namespace: 'file' }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      const required = REQUIRE.test(source) ? await withRequire(hooks, path) : undefined;
      if (required !== undefined) return { contents: required, loader: 'js', resolveDir: dirname(path) };
      if (!OWN_PLACE.test(source)) return undefined;
      // on the source's first line, so that line numbers stay true
      const contents = constantsOf(path) + source.replace(/^#!.*/, '');
      return { contents, loader: loaderOf(path), resolveDir: dirname(path) };
    });
  },
};

/**
 * The source as JavaScript in which `require` has become the source's own, but where a file of the user's is required.
 * esbuild finds the name, since it may be a variable, a parameter, or a word in a text.
 *
 * @returns undefined when it does not compile: the bundle's own build says so better
 */
async function withRequire(hooks: PluginBuild, path: string): Promise<string | undefined> {
  const outputs = await build({
    entryPoints: [path],
    outfile: `${path}.required.js`,
    write: false,
    sourcemap: 'inline',
    charset: 'utf8',
    define: { require: '__sourceRequire' },
    banner: { js: constantsOf(path) },
    logLevel: 'silent',
  }).catch(() => undefined);
  if (outputs === undefined) return undefined;
  const { text } = outputs.outputFiles[0];

  const bundled = new Map<string, boolean>();
  for (const [, literal] of text.matchAll(REQUIRE_LITERAL)) {
    if (!bundled.has(literal))
      bundled.set(literal, await isBundled(hooks, path, JSON.parse(literal) as string));
  }
  return text.replace(REQUIRE_LITERAL, (call: string, literal: string) =>
    bundled.get(literal) === true ? `require(${literal})` : call,
  );
}

async function isBundled(hooks: PluginBuild, importer: string, name: string): Promise<boolean> {
  if (OWN_PACKAGE.test(name)) return true;
  const { errors, external, path } = await hooks.resolve(name, {
    kind: 'require-call',
    importer,
    resolveDir: dirname(importer),
  });
  return errors.length === 0 && !external && BUNDLED.test(path);
}

function constantsOf(path: string): string {
  const file = JSON.stringify(path);
  return (
    `const __sourceUrl = ${JSON.stringify(pathToFileURL(path).href)}, __sourceFilename = ${file}, ` +
    `__sourceDirname = ${JSON.stringify(dirname(path))}, ` +
    `__sourceRequire = process.getBuiltinModule('node:module').createRequire(${file});`
  );
}

function loaderOf(path: string): Loader {
  const extension = extname(path).replace(/^\.[cm]?/, '');
  return extension as Loader;
}
