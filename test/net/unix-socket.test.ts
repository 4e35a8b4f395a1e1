import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { type Server, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it, type TestContext } from 'node:test';
import { bindSocket, claimSocket, removeSocket } from '#src/net/unix-socket.js';

/** As a process that is killed leaves it. */
async function leaveStale(at: string): Promise<void> {
  const server = createServer();
  server.listen(`${at}.x`);
  await once(server, 'listening');
  await rename(`${at}.x`, at);
  await new Promise((resolve) => server.close(resolve));
}

describe('a unix socket', () => {
  let folder = '';
  let path = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'unix-socket-'));
    path = join(folder, 'chat.sock');
  });
  afterEach(() => rm(folder, { recursive: true }));

  const place = (holder = process.pid) => ({
    path,
    holder,
    address: `text+unix:${path}`,
    key: 'gateway.listen',
  });

  async function open(t: TestContext, mode?: number, name = 'one'): Promise<Server> {
    const server = createServer((socket) => socket.on('error', () => {}).end(name));
    t.after(() => server.close());
    await claimSocket(place());
    await bindSocket(server, place(), 511, mode);
    return server;
  }

  async function whoAnswers(): Promise<string> {
    const socket = connect(path);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    return answer.toString();
  }

  it('is there under its name alone, with its mode, until it is closed and removed', async (t) => {
    const server = await open(t, 0o620);
    assert.deepEqual(await readdir(folder), ['chat.sock']);
    assert.equal((await stat(path)).mode & 0o777, 0o620);
    assert.equal(await whoAnswers(), 'one');
    server.close();
    await removeSocket(path);
    assert.deepEqual(await readdir(folder), []);
  });

  it('takes the place of a stale one, and of what a process that died left just before', async (t) => {
    await leaveStale(path);
    await leaveStale(`${path}.${process.pid}`);
    await open(t);
    assert.equal(await whoAnswers(), 'one');
    assert.deepEqual(await readdir(folder), ['chat.sock']);
  });

  it('is refused where somebody listens, who is named', async (t) => {
    await open(t);
    await assert.rejects(claimSocket(place()), {
      code: 'GW_LISTEN',
      message: new RegExp(
        `^Cannot listen on text\\+unix:${path} \\(gateway\\.listen\\): .+ \\(pid ${process.pid}\\) listens there\\. Stop it, or configure another path\\.$`,
      ),
    });
    assert.equal(await whoAnswers(), 'one');
  });

  it('is refused where something else lies, which stays', async () => {
    await writeFile(path, 'precious');
    await assert.rejects(claimSocket(place()), {
      code: 'GW_LISTEN',
      message: /what lies there is no socket, and is left alone\. Remove it, or configure another path\.$/,
    });
    await removeSocket(path);
    assert.deepEqual(await readdir(folder), ['chat.sock']);
  });

  it('is refused in a folder that does not exist', async (t) => {
    path = join(folder, 'no/chat.sock');
    await assert.rejects(open(t), {
      code: 'GW_LISTEN',
      message: new RegExp(`the folder ${folder}/no does not exist\\. Create it before\\.$`),
    });
  });

  it('is not removed when it is somebody else’s by now', async (t) => {
    const server = await open(t);
    await rm(path);
    await open(t, undefined, 'other');
    server.close();
    await removeSocket(path);
    assert.equal(await whoAnswers(), 'other');
  });

  it('is opened once where processes share it', async (t) => {
    await open(t);
    // another one whose handle is the same: its name has been given away already
    const [shared] = [createServer()];
    t.after(() => shared.close());
    shared.listen = ((_: unknown, done: () => void) => {
      done();
      return shared;
    }) as Server['listen'];
    await bindSocket(shared, place(process.ppid), 511, 0o600);
    assert.equal(await whoAnswers(), 'one');
  });
});
