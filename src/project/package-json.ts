import { readFileSync } from 'node:fs';
import type { PackageSource } from './package-source.js';
import type { Language, Template } from './templates.js';

/** What of our own package.json a project's is made from. */
interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly engines: object;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
}

/** This package's folder. */
export const ROOT = new URL('../../', import.meta.url);

export const MANIFEST = JSON.parse(readFileSync(new URL('package.json', ROOT), 'utf8')) as Manifest;

/** What a project in TypeScript needs to check its types. */
const CHECKERS = ['@types/node', 'typescript'];

/** What stands in for the SQLite of node. */
export const SQLITE = 'better-sqlite3';

/** Whether this version of node has no SQLite that serves, which came with 22.16. */
export function needsSqlite(version: string): boolean {
  const [major, minor] = version.split('.').map(Number);
  return major < 22 || (major === 22 && minor < 16);
}

/** The package.json of a new project, as text. */
export function packageJson(
  name: string,
  { programs = {}, packages = [], sqlite = false }: Template,
  language: Language,
  { specifier }: PackageSource,
): string {
  const typescript = language === 'typescript';
  const node = typescript ? `node --import ${MANIFEST.name}/typescript` : 'node';
  const json = {
    name,
    version: '0.0.0',
    private: true,
    type: 'module',
    engines: MANIFEST.engines,
    scripts: {
      // with exec, since npm passes no signal on
      start: 'exec gatewayworker start',
      dev: 'exec gatewayworker start --watch',
      check: 'gatewayworker check',
      test: `${node} --test test/*.test.${typescript ? 'ts' : 'js'}`,
      ...Object.fromEntries(
        Object.entries(programs).map(([script, file]) => [
          script,
          `${node} ${typescript ? file : file.replace(/\.ts$/, '.js')}`,
        ]),
      ),
    },
    dependencies: {
      ...(sqlite && needsSqlite(process.versions.node) && { [SQLITE]: MANIFEST.peerDependencies[SQLITE] }),
      [MANIFEST.name]: specifier,
      ...versions(packages),
    },
    ...(typescript && { devDependencies: versions(CHECKERS) }),
  };
  return `${JSON.stringify(json, undefined, 2)}\n`;
}

/** Packages in the versions that this one is checked with. */
function versions(names: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(names.map((name) => [name, MANIFEST.devDependencies[name]]));
}
