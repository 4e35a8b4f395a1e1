import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import type {
  AdminConfig,
  BackboneConfig,
  ClusterConfig,
  GatewayConfig,
  ListenerConfig,
  NodeConfig,
  RegisterConfig,
  WorkerConfig,
} from '#src/config/schema.js';
import type { UserConfig } from '#src/config/user-config.js';

/** What the schema itself says may be written: all of it is optional where there are defaults. */
interface BySchema {
  readonly name?: string;
  readonly gateway?: false | Partial<Omit<GatewayConfig, 'listen'> & { readonly listen: readonly Listen[] }>;
  readonly worker?: false | Partial<WorkerConfig>;
  readonly register?: false | Partial<RegisterConfig>;
  readonly cluster?: Partial<Omit<ClusterConfig, 'backbone'> & { readonly backbone: Backbone }>;
  readonly admin?: false | Partial<AdminConfig>;
  readonly log?: Partial<NodeConfig['log']>;
  readonly stateDir?: string;
}

/** A listener, where what stands inside an object that may be missing has defaults too. */
type Listen = Omit<ListenerConfig, 'rate'> & {
  readonly rate?: Partial<NonNullable<ListenerConfig['rate']>>;
};

/** Of which two keys have defaults. */
type Backbone = Omit<BackboneConfig, 'prefix' | 'events'> & Partial<BackboneConfig>;

/** With every key required, so that one that is missing on either side shows. */
type Whole<T> = T extends readonly (infer E)[]
  ? readonly Whole<E>[]
  : T extends object
    ? { readonly [K in keyof T]-?: Whole<Exclude<T[K], undefined>> }
    : T;

/** Compiles only if each can be used as the other. */
type Same<A extends B, B extends C, C = A> = [A, B, C];

describe('the type UserConfig', () => {
  it('and the schema agree in both directions, which the compiler has seen', () => {
    const compiled: [Same<UserConfig, BySchema>, Same<Whole<UserConfig>, Whole<BySchema>>] | undefined =
      undefined;
    assert.equal(compiled, undefined);
  });
});

/** Files of declarations that a compiler reads for who imports these, and what they import of others. */
function declarations(...entries: readonly string[]): { files: Set<string>; packages: Set<string> } {
  const root = fileURLToPath(new URL('../../dist/', import.meta.url));
  const files = new Set(entries);
  const packages = new Set<string>();
  for (const file of files) {
    const text = readFileSync(join(root, file), 'utf8').replaceAll(/\/\*[^]*?\*\//g, '');
    for (const [, path] of text.matchAll(/\b(?:from|import)\s*\(?\s*['"]([^'"]+)['"]/g)) {
      if (path.startsWith('.')) files.add(normalize(join(dirname(file), path)).replace(/\.js$/, '.d.ts'));
      else packages.add(path);
    }
  }
  return { files, packages };
}

describe('the public declarations', () => {
  it('need those of no other package', () => {
    const { files, packages } = declarations('index.d.ts', 'client/index.d.ts', 'testing/index.d.ts');
    assert.ok(files.has(join('config', 'user-config.d.ts')));
    // `prepare` makes them independent of @types/node, and of typebox
    assert.deepEqual(
      [...packages].filter((name) => name !== 'node:buffer' && name !== 'typebox'),
      [],
    );
  });
});
