import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { livingProcess, PidFile } from '#src/ops/process/pid-file.js';
import {
  decodeRecord,
  encodeRecord,
  ownRecord,
  type ProcessRecord,
} from '#src/ops/process/process-record.js';

const withoutProc = !existsSync('/proc/self/stat');

describe('the pid file', { timeout: 20_000 }, () => {
  let folder: string;
  let path: string;
  let own: ProcessRecord;
  const children: ChildProcess[] = [];
  const servers: Server[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gatewayworker-pid-'));
    path = join(folder, '.gatewayworker', 'a.pid');
    own = await ownRecord({ socket: join(folder, 'own.sock'), config: null, log: null });
  });

  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    for (const server of servers.splice(0)) server.close();
    await rm(folder, { recursive: true });
  });

  /** Another process that lives, without a control socket. */
  async function otherProcess(): Promise<number> {
    const child = spawn(process.execPath, ['-e', 'process.stdin.resume()'], {
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    children.push(child);
    await once(child, 'spawn');
    return child.pid ?? 0;
  }

  /** A pid file as a process that is not this one has written it. */
  async function left(record: Partial<ProcessRecord>): Promise<void> {
    await mkdir(dirname(path), { recursive: true });
    const other = {
      ...own,
      pid: await otherProcess(),
      startTicks: null,
      socket: join(folder, 'other.sock'),
      ...record,
    };
    await writeFile(path, encodeRecord(other));
  }

  async function listen(socket: string): Promise<void> {
    const server = createServer((connection) => connection.end());
    servers.push(server);
    server.listen(socket);
    await once(server, 'listening');
  }

  it('begins with the bare pid, for the tools of the system', async () => {
    await PidFile.claim(path, own);
    const [pid, json, end] = (await readFile(path, 'utf8')).split('\n');
    assert.equal(pid, String(process.pid));
    assert.deepEqual(JSON.parse(json), own);
    assert.equal(end, '');
    assert.equal(await readFile(join(folder, '.gatewayworker', '.gitignore'), 'utf8'), '*\n');
  });

  it('is not taken from a process that listens on its socket', async () => {
    const socket = join(folder, 'other.sock');
    await listen(socket);
    await left({ socket, config: '/srv/a.yaml', startedAt: '2026-01-02T03:04:05.000Z' });
    const before = await readFile(path, 'utf8');
    await assert.rejects(PidFile.claim(path, own), {
      code: 'GW_CONTROL',
      message: /^This node already runs \(\/srv\/a\.yaml\), with pid \d+, since 2026-01-02T03:04:05/,
    });
    assert.equal(await readFile(path, 'utf8'), before);
    assert.equal((await livingProcess(path))?.socket, socket);
  });

  it('is not taken from a process whose socket was deleted', { skip: withoutProc }, async () => {
    const pid = await otherProcess();
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    await left({ pid, startTicks: stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] });
    await assert.rejects(PidFile.claim(path, own), { code: 'GW_CONTROL' });
  });

  it('is taken from a process of before the machine was started again', { skip: withoutProc }, async () => {
    const pid = await otherProcess();
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    const startTicks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    await left({ pid, startTicks, boot: 'another' });
    await PidFile.claim(path, own);
  });

  for (const [what, record] of [
    ['whose pid another process has now', { startTicks: '1' }],
    ['whose pid another process has now, where there is no /proc', { startTicks: null }],
    ['whose pid is our own now', { pid: process.pid }],
    ['whose pid is our own now, where there is /proc', { pid: process.pid, startTicks: '1' }],
    ['whose pid nobody has', { pid: 2 ** 22 + 1 }],
  ] as const) {
    it(`is taken from a process ${what}`, async () => {
      await left(record);
      await writeFile(join(folder, 'other.sock'), '');
      assert.equal(await livingProcess(path), undefined);
      await PidFile.claim(path, own);
      assert.equal(await readFile(path, 'utf8'), encodeRecord(own));
      assert.equal(existsSync(join(folder, 'other.sock')), false);
      assert.deepEqual(await readdir(join(folder, '.gatewayworker')), ['.gitignore', 'a.pid']);
    });
  }

  it('is taken from a process that was killed and waits for its parent to notice', {
    skip: withoutProc,
  }, async () => {
    // the shell turns into a sleep that never asks how its child has ended
    const child = spawn('sh', ['-c', 'sleep 0 & echo $!; exec sleep 60'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    children.push(child);
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const pid = Number(line.toString());
    let stat = '';
    while (!/\) Z /.test(stat)) stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    await left({ pid, startTicks: stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] });
    await PidFile.claim(path, own);
  });

  it('is taken when it holds anything else', async () => {
    for (const text of [
      '',
      '123\n',
      'garbage',
      '1\n[]\n',
      '1\n{"pid":"1"}\n',
      `1\n${JSON.stringify({ ...own, socket: 1 })}\n`,
    ]) {
      const file = await PidFile.claim(path, own);
      await writeFile(path, text);
      await utimes(path, 0, 0);
      assert.equal(await livingProcess(path), undefined);
      file.release();
      assert.equal(await readFile(path, 'utf8'), text);
      (await PidFile.claim(path, own)).release();
    }
  });

  it('waits for one that is being written', async () => {
    const socket = join(folder, 'other.sock');
    await listen(socket);
    await left({ socket });
    const text = await readFile(path, 'utf8');
    await writeFile(path, text.slice(0, 20));
    const claim = assert.rejects(PidFile.claim(path, own), { code: 'GW_CONTROL' });
    await writeFile(path, text);
    await claim;
  });

  it('goes to one of many who find it stale at once', async () => {
    for (let round = 0; round < 20; round++) {
      await left({});
      const claims = await Promise.allSettled(
        // each stands for a process of its own, and this one for all of them: they are told apart by their sockets
        Array.from({ length: 8 }, async (_, index) => {
          const socket = join(folder, `${round}-${index}.sock`);
          await listen(socket);
          return await PidFile.claim(path, { ...own, pid: 2 ** 22 + 1 + index, socket });
        }),
      );
      assert.equal(claims.filter(({ status }) => status === 'fulfilled').length, 1);
    }
  });

  it('is taken although somebody was killed while taking it', async () => {
    await left({});
    await writeFile(`${path}.lock`, '');
    await utimes(`${path}.lock`, 0, 0);
    await PidFile.claim(path, own);
  });

  it('is removed by its owner only', async () => {
    const file = await PidFile.claim(path, own);
    const other = encodeRecord({ ...own, pid: 1 });
    await writeFile(path, other);
    file.release();
    assert.equal(await readFile(path, 'utf8'), other);
    await writeFile(path, encodeRecord(own));
    file.release();
    file.release();
    assert.equal(existsSync(path), false);
    assert.equal(await livingProcess(path), undefined);
  });

  it('names what lies where its folder should', async () => {
    await writeFile(join(folder, '.gatewayworker'), '');
    await assert.rejects(PidFile.claim(path, own), {
      code: 'GW_CONTROL',
      message: /cannot be written \(EEXIST\)/,
    });
  });
});

describe('the record of a process', () => {
  it('survives being written', async () => {
    const record = await ownRecord({ socket: '/tmp/用户\n.sock', config: '/a b', log: null });
    assert.deepEqual(decodeRecord(encodeRecord(record)), record);
  });

  it('is not read before it is whole', async () => {
    const text = encodeRecord(await ownRecord({ socket: '/a.sock', config: null, log: null }));
    for (let length = 0; length < text.length; length++)
      assert.equal(decodeRecord(text.slice(0, length)), undefined);
  });
});
