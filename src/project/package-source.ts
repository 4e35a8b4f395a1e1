import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { GatewayError } from '../base/errors.js';

/** How a project names this package in its package.json. */
export interface PackageSource {
  readonly specifier: string;
  /** A file that has to lie in the project: its absolute path. */
  readonly tarball?: string;
}

/** What npm notes in node_modules of what it has installed there. */
interface Installed {
  readonly packages?: Readonly<Record<string, { readonly resolved?: string }>>;
}

/** As registries have them: https://registry.npmjs.org/name/-/name-1.0.0.tgz */
const IN_REGISTRY = /^https?:.*\/-\/[^/]*$/;

/**
 * Where npm finds the package that runs: a registry's version, or what it was installed from. A tarball is put into the project,
 * so that the project is complete by itself, in Docker too.
 *
 * @param root this package's folder
 * @param project the new project's folder
 * @throws GW_PROJECT when the tarball it was installed from is gone
 */
export async function packageSource(
  { name, version }: { readonly name: string; readonly version: string },
  root: string,
  project: string,
): Promise<PackageSource> {
  const folder = dirname(root);
  // a clone, or a link to one
  if (basename(folder) !== 'node_modules') return { specifier: `file:${relative(project, root)}` };
  const from = await installedFrom(join(folder, '.package-lock.json'), name);
  if (from === undefined || IN_REGISTRY.test(from)) return { specifier: `^${version}` };
  if (!from.startsWith('file:')) return { specifier: from };
  const tarball = resolve(dirname(folder), from.slice('file:'.length));
  if (existsSync(tarball)) return { specifier: `file:${basename(tarball)}`, tarball };
  throw new GatewayError(
    'GW_PROJECT',
    `This ${name} was installed from ${tarball}, which is gone, so npm could not install it in a new project. Put it back, or install ${name} anew.`,
  );
}

async function installedFrom(lock: string, name: string): Promise<string | undefined> {
  const text = await readFile(lock, 'utf8').catch(() => '{}');
  return (JSON.parse(text) as Installed).packages?.[`node_modules/${name}`]?.resolved;
}
