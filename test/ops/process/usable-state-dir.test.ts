import assert from 'node:assert/strict';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { refuseUnusable } from '#src/ops/process/usable-state-dir.js';

describe('the folder that is named for the files of a node', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gatewayworker-state-'));
    await writeFile(join(folder, 'file'), '');
  });
  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  it('may be there or not, or none be named', async () => {
    for (const path of ['', folder, join(folder, 'none'), join(folder, 'none/deeper')]) {
      await refuseUnusable(path, {});
    }
  });

  it('cannot be a file, or lie in one: the error has the name of the setting', async () => {
    const file = join(folder, 'file');
    await assert.rejects(refuseUnusable(file, { GW_STATEDIR: 'file' }), {
      code: 'GW_CONTROL',
      message: `GW_STATEDIR is ${file}, which is no folder. Name a folder for the files of the node, or one that does not exist yet.`,
    });
    await assert.rejects(refuseUnusable(join(file, 'deeper'), { GW_STATEDIR: '' }), {
      code: 'GW_CONTROL',
      message: /^stateDir is .*deeper, which lies within a file\./,
    });
  });

  it('has to be readable', async () => {
    // root may read whatever can be read: this cannot, by anybody
    const circle = join(folder, 'circle');
    await symlink(circle, circle);
    for (const path of [circle, join(circle, 'deeper')]) {
      await assert.rejects(refuseUnusable(path, { GW_STATEDIR: 'circle' }), {
        code: 'GW_CONTROL',
        message: /^GW_STATEDIR is .*, which cannot be read \(ELOOP\)\. Run this as/,
      });
    }
  });
});
