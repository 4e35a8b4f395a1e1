import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { createLogger } from '#src/base/log.js';
import { ControlClient } from '#src/ops/control/control-client.js';
import { livingProcess } from '#src/ops/process/pid-file.js';
import { Presence } from '#src/ops/process/presence.js';
import { decodeRecord, encodeRecord, type ProcessRecord } from '#src/ops/process/process-record.js';
import { FakeNode, STATUS } from '../group/fake-node.js';

describe("a process's presence", { timeout: 20_000 }, () => {
  let folder: string;
  let pidFile: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gatewayworker-presence-'));
    pidFile = join(folder, '.gatewayworker', 'a.pid');
  });
  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  async function open(): Promise<Presence> {
    const log = createLogger({ level: 'silent', destination: { write() {} } });
    return await Presence.open(new FakeNode(), {
      pidFile,
      config: null,
      logFile: null,
      nodes: undefined,
      log,
    });
  }

  async function record(): Promise<ProcessRecord> {
    const found = decodeRecord(await readFile(pidFile, 'utf8'));
    assert.ok(found);
    return found;
  }

  it('is not its own leftover, in a container where every process has the same pid', async () => {
    const first = await open();
    const before = await record();
    await first.close();
    // the container was killed: what it had is still there
    await writeFile(before.socket, '');
    await writeFile(pidFile, encodeRecord({ ...before, startTicks: before.startTicks && '1' }));

    const second = await open();
    const now = await record();
    assert.equal(now.pid, before.pid);
    assert.notEqual(now.socket, before.socket);
    assert.equal(existsSync(before.socket), false, 'the leftover is gone');
    const client = await ControlClient.connect(now.socket);
    assert.deepEqual(await client.ask({ command: 'status' }), STATUS);
    client.close();
    await second.close();
    assert.deepEqual(await readdir(join(folder, '.gatewayworker')), ['.gitignore']);
  });

  it('is not taken away by one that ends later', async () => {
    const first = await open();
    await rm(pidFile);
    const second = await open();
    await first.close();
    assert.equal((await livingProcess(pidFile))?.socket, (await record()).socket);
    await second.close();
  });
});
