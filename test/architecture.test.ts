import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, normalize } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

/*
 * Who may import whom. A part of the architecture is a folder of src/ (of ops/, a folder within it), or a file
 * directly in it. Type imports count as
 * well: what a file names, it knows.
 */

const SRC = fileURLToPath(new URL('../src/', import.meta.url));

/** What any other part may import. It imports nothing of ours but itself. */
const FOUNDATION = ['base'];

const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  base: [],
  net: [...FOUNDATION],
  bundle: [...FOUNDATION],
  config: [...FOUNDATION, 'bundle'],
  wire: [...FOUNDATION],
  ring: [...FOUNDATION],
  link: [...FOUNDATION, 'wire', 'ring'],
  cluster: [...FOUNDATION, 'net', 'wire', 'ring', 'link'],
  api: [...FOUNDATION, 'wire'],
  register: [...FOUNDATION, 'net', 'wire'],
  database: [...FOUNDATION],
  client: [...FOUNDATION, 'net', 'wire', 'cluster', 'api', 'register'],
  gateway: [...FOUNDATION, 'net', 'bundle', 'config', 'wire', 'link'],
  pool: [...FOUNDATION, 'net', 'bundle', 'config', 'wire', 'ring', 'link', 'cluster'],
  worker: [...FOUNDATION, 'wire', 'ring', 'link', 'api'],
  // what operators see: it is given what it shows
  'ops/control': [...FOUNDATION, 'net'],
  'ops/view': [...FOUNDATION, 'config', 'ops/control'],
  'ops/log': [...FOUNDATION],
  'ops/process': [...FOUNDATION, 'config', 'ops/control', 'ops/log'],
  'ops/group': [...FOUNDATION, 'config', 'ops/control', 'ops/process'],
  node: [...FOUNDATION, 'net', 'config', 'wire', 'gateway', 'pool', 'register', 'ops/control', 'ops/group'],
  cli: [
    ...FOUNDATION,
    'bundle',
    'config',
    'database',
    'pool',
    'node',
    'ops/control',
    'ops/view',
    'ops/log',
    'ops/process',
    'ops/group',
  ],
  main: [...FOUNDATION, 'ops/process', 'cli'],
  // the public surface: names and types of everything a user meets
  index: [...FOUNDATION, 'config', 'wire', 'api', 'gateway', 'worker'],
  // run when the package is made, and never after
  build: ['config'],
};

/** Packages and built-in modules that only these places may import. */
const ONLY_IN: ReadonlyArray<readonly [imported: string, where: (file: string) => boolean]> = [
  ['piscina', (file) => file.startsWith('pool/')],
  ['mysql2', (file) => file.startsWith('database/')],
  ['kysely', (file) => file.startsWith('database/')],
  ['better-sqlite3', (file) => file.startsWith('database/')],
  ['node:sqlite', (file) => file.startsWith('database/')],
  ['ws', (file) => file.startsWith('gateway/protocols/')],
  ['esbuild', (file) => file.startsWith('bundle/') || file.startsWith('config/')],
  [
    'node:net',
    (file) => !file.startsWith('wire/') && !file.startsWith('ring/') && !file.startsWith('worker/'),
  ],
  ['node:worker_threads', (file) => /^(?:pool|link|worker)\//.test(file)],
];

interface Import {
  readonly file: string;
  readonly imported: string;
  readonly typeOnly: boolean;
  /** By `import()`: when it is needed. */
  readonly dynamic: boolean;
}

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
const imports = files.flatMap((file) => importsOf(file));

describe('the architecture', () => {
  it('is read from the sources', () => {
    assert.ok(imports.some(({ file, imported }) => file === 'pool/thread.ts' && imported === 'piscina'));
    assert.ok(
      imports.some(({ file, imported }) => file === 'node/node.ts' && imported === '../gateway/gateway.js'),
    );
  });

  it('has parts that are all known', () => {
    assert.deepEqual(
      [...new Set(files.map((file) => partOf(file)))].filter((part) => !Object.hasOwn(MAY_IMPORT, part)),
      [],
    );
  });

  it('lets each part import only those below it', () => {
    const wrong = imports
      .filter(({ imported }) => imported.startsWith('.'))
      .map(({ file, imported }) => ({ file, from: partOf(file), target: resolved(file, imported) }))
      .filter(({ from, target }) => partOf(target) !== from && !MAY_IMPORT[from].includes(partOf(target)))
      .map(({ file, target }) => `${file} imports ${target}`);
    assert.deepEqual(wrong, []);
  });

  it('keeps gateway, pool, worker and register strangers to one another', () => {
    const strangers = ['gateway', 'pool', 'worker', 'register'];
    for (const part of strangers) {
      for (const other of strangers) {
        assert.ok(part === other || !MAY_IMPORT[part].includes(other));
      }
    }
  });

  it('has no cycles between files, as far as code is run', () => {
    const graph = new Map<string, string[]>();
    for (const { file, imported, typeOnly } of imports) {
      if (!imported.startsWith('.') || typeOnly) continue;
      graph.set(file, [...(graph.get(file) ?? []), resolved(file, imported)]);
    }
    for (const file of files) assert.deepEqual(cycleFrom(file, graph), undefined);
  });

  it('keeps packages where they belong', () => {
    const wrong = ONLY_IN.flatMap(([module, where]) =>
      imports
        .filter(({ file, imported, typeOnly }) => imported === module && !typeOnly && !where(file))
        .map(({ file, imported }) => `${file} imports ${imported}`),
    );
    assert.deepEqual(wrong, []);
  });

  it('touches Atomics in ring/ only', () => {
    const wrong = files.filter(
      (file) => !file.startsWith('ring/') && /\bAtomics\./.test(readFileSync(join(SRC, file), 'utf8')),
    );
    assert.deepEqual(wrong, []);
  });

  it('asks a running node without loading what a node is made of', () => {
    const loaded = new Set(['main.ts', 'cli/running.ts']);
    for (const file of loaded) {
      for (const { imported, typeOnly } of imports.filter((one) => one.file === file && !one.dynamic)) {
        if (typeOnly) continue;
        loaded.add(imported.startsWith('.') ? resolved(file, imported) : imported);
      }
    }
    const packages = [...loaded].filter((name) => !name.endsWith('.ts') && !name.startsWith('node:'));
    assert.deepEqual(packages, ['commander']);
    assert.ok(loaded.has('ops/control/control-client.ts'));
    assert.ok(!loaded.has('config/schema.ts'));
  });

  it('names built-in modules with node:', () => {
    assert.deepEqual(
      imports
        .filter(({ imported }) => builtinModules.includes(imported))
        .map(({ file, imported }) => `${file}: ${imported}`),
      [],
    );
  });
});

function importsOf(file: string): Import[] {
  const source = readFileSync(join(SRC, file), 'utf8').replaceAll(/\/\*[^]*?\*\/|\/\/.*/g, '');
  const pattern =
    /\b(?:import|export)\s+(?<type>type\s)?[^'";]*?\bfrom\s*'(?<path>[^']+)'|\bimport\s*(?<dynamic>\()?'(?<bare>[^']+)'/g;
  return Array.from(source.matchAll(pattern), ({ groups }) => ({
    file,
    imported: groups?.path ?? groups?.bare ?? '',
    typeOnly: groups?.type !== undefined,
    dynamic: groups?.dynamic !== undefined,
  }));
}

function resolved(file: string, imported: string): string {
  return normalize(join(dirname(file), imported)).replace(/\.js$/, '.ts');
}

function partOf(file: string): string {
  const [room, inner] = file.replace(/\.ts$/, '').split('/');
  return room === 'ops' ? `${room}/${inner}` : room;
}

/** A path of imports that leads back to where it began. */
function cycleFrom(
  start: string,
  graph: ReadonlyMap<string, readonly string[]>,
  path: readonly string[] = [start],
  seen = new Set<string>(),
): string[] | undefined {
  for (const next of graph.get(path[path.length - 1]) ?? []) {
    if (next === start) return [...path, next];
    if (seen.has(next)) continue;
    seen.add(next);
    const cycle = cycleFrom(start, graph, [...path, next], seen);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}
