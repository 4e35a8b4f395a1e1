import assert from 'node:assert/strict';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { needsSqlite } from '#src/project/package-json.js';
import { type PackageSource, packageSource } from '#src/project/package-source.js';
import { writeProject } from '#src/project/write-project.js';
import { PackageProject } from '../support/package-project.js';

const PACKAGE = { name: 'gatewayworker', version: '1.2.3' };

describe('how a project names this package', () => {
  let folder: PackageProject;
  beforeEach(() => {
    folder = new PackageProject();
  });
  afterEach(() => folder.remove());

  /** @param resolved what npm has noted; undefined when it was not npm that installed it */
  async function source(resolved?: string): Promise<PackageSource> {
    if (resolved !== undefined) {
      const packages = { 'node_modules/gatewayworker': { resolved } };
      folder.write('home/node_modules/.package-lock.json', JSON.stringify({ packages }));
    }
    const root = join(folder.folder, 'home/node_modules/gatewayworker');
    return await packageSource(PACKAGE, root, join(folder.folder, 'my-app'));
  }

  it('by its version, when it came from a registry or nobody knows', async () => {
    assert.deepEqual(await source(), { specifier: '^1.2.3' });
    const registry = 'https://registry.npmjs.org/gatewayworker/-/gatewayworker-1.2.3.tgz';
    assert.deepEqual(await source(registry), { specifier: '^1.2.3' });
  });

  it('by the tarball that it came from, which goes into the project', async () => {
    const tarball = join(folder.folder, 'gatewayworker-1.2.3.tgz');
    await assert.rejects(source('file:../gatewayworker-1.2.3.tgz'), {
      code: 'GW_PROJECT',
      message: `This gatewayworker was installed from ${tarball}, which is gone, so npm could not install it in a new project. Put it back, or install gatewayworker anew.`,
    });
    folder.write('gatewayworker-1.2.3.tgz', 'packed');
    const found = await source('file:../gatewayworker-1.2.3.tgz');
    assert.deepEqual(found, { specifier: 'file:gatewayworker-1.2.3.tgz', tarball });
    await writeProject(join(folder.folder, 'my-app'), new Map(), found);
    assert.ok(existsSync(join(folder.folder, 'my-app/gatewayworker-1.2.3.tgz')));
  });

  it('by the address that it came from', async () => {
    const git = 'git+ssh://git@example.com/gatewayworker.git#0123456789abcdef';
    assert.deepEqual(await source(git), { specifier: git });
    assert.deepEqual(await source('https://example.com/gatewayworker.tgz'), {
      specifier: 'https://example.com/gatewayworker.tgz',
    });
  });

  it('by its folder, when it is a clone', async () => {
    const clone = join(folder.folder, 'clone');
    assert.deepEqual(await packageSource(PACKAGE, clone, join(folder.folder, 'apps/my-app')), {
      specifier: 'file:../../clone',
    });
  });

  it('writes a project whole, or not at all', async () => {
    const impossible = new Map([
      ['events/index.ts', 'one'],
      ['events', 'is a folder'],
    ]);
    for (const there of [false, true]) {
      const project = join(folder.folder, 'deep/my-app');
      if (there) mkdirSync(project, { recursive: true });
      await assert.rejects(writeProject(project, impossible, { specifier: '^1.2.3' }), {
        code: 'GW_PROJECT',
      });
      assert.deepEqual([existsSync(project), existsSync(join(project, 'events'))], [there, false]);
    }
  });

  it('with another SQLite for versions of node that have none', () => {
    const versions = ['20.19.0', '22.15.1', '22.16.0', '24.0.0', '26.1.0'];
    assert.deepEqual(versions.map(needsSqlite), [true, true, false, false, false]);
  });
});
