import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, normalize } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readDocument } from './support/documents.js';
import { FOUNDATION, MAY_IMPORT } from './support/rooms.js';

const SRC = fileURLToPath(new URL('../src/', import.meta.url));

/** Packages and built-in modules that only these places may import. */
const ONLY_IN: ReadonlyArray<readonly [imported: string, where: (file: string) => boolean]> = [
  ['piscina', (file) => file.startsWith('pool/')],
  ['mysql2', (file) => file.startsWith('database/')],
  ['kysely', (file) => file.startsWith('database/')],
  ['better-sqlite3', (file) => file.startsWith('database/')],
  ['node:sqlite', (file) => file.startsWith('database/')],
  ['ws', (file) => file.startsWith('gateway/protocols/') || file.startsWith('testing/')],
  ['@nats-io/transport-node', (file) => file === 'backbone/nats-library.ts'],
  ['prom-client/lib/registry.js', (file) => file === 'metrics/render.ts'],
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

const TESTS = readdirSync(new URL('../test/', import.meta.url), { recursive: true, encoding: 'utf8' }).map(
  (file) => `test/${file}`,
);
const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((file) =>
  /(?<!\.d)\.ts$/.test(file),
);
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

  it('loads prom-client with the first scrape', () => {
    const found = imports.filter(({ imported, typeOnly }) => imported.startsWith('prom-client') && !typeOnly);
    assert.deepEqual(
      found.map(({ dynamic }) => dynamic),
      [true],
    );
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

describe('docs/architecture.md', () => {
  const page = readDocument('docs/architecture.md');
  const [, table] = /^## The rooms\n([^]*?)^## /m.exec(page) ?? [];
  const rows = [...table.matchAll(/^\| `([a-z/]+)(?:\/|\.ts)` \| [^|]+ \|\s*([^|]*?)\s*\|$/gm)];

  it('has each room, and says what it may import', () => {
    const told = rows.map(([, room, allowed]) => [room, allowed === '' ? [] : allowed.split(', ')]);
    const rooms = told.filter(([room]) => /^(?:[a-z]+|ops\/[a-z]+)$/.test(String(room)));
    const rules = Object.entries(MAY_IMPORT).map(([room, allowed]) => [
      room,
      allowed.filter((name) => !FOUNDATION.includes(name)),
    ]);
    assert.deepEqual(Object.fromEntries(rooms), Object.fromEntries(rules));
    assert.equal(rooms.length, rules.length);
  });

  it('has every folder of a room that has folders', () => {
    const inner = files.map((file) => dirname(file)).filter((folder) => folder.includes('/'));
    for (const folder of inner)
      assert.ok(
        rows.some(([, room]) => room === folder),
        folder,
      );
  });

  it('names files that there are', () => {
    const named = [...page.matchAll(/`((?:[a-z0-9-]+\/)*[a-z0-9-]+\.ts)`/g)].map(([, path]) => path);
    assert.ok(named.length > 100);
    assert.deepEqual(
      named.filter(
        (path) => ![...files, ...TESTS].some((file) => file === path || file.endsWith(`/${path}`)),
      ),
      [],
    );
  });
});

describe('comments', () => {
  it('name files that there are', () => {
    const wrong = files.flatMap((file) => {
      const comments = readFileSync(join(SRC, file), 'utf8').match(/\/\*[^]*?\*\/|\/\/.*/g) ?? [];
      return comments
        .flatMap((comment) => [...comment.matchAll(/(?<![\w/.-])((?:[a-z0-9-]+\/)*[a-z0-9-]+\.ts)\b/g)])
        .map(([, path]) => path)
        .filter((path) => !files.some((one) => one === path || one.endsWith(`/${path}`)))
        .map((path) => `${file}: ${path}`);
    });
    // the application's own
    assert.deepEqual(
      wrong.filter((found) => !found.includes(' events/')),
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
