import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, constants, existsSync, openSync } from 'node:fs';
import { readFile, rename, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { fixture } from '../support/fixtures.js';
import type { LogLine } from '../support/node-log.js';
import { App, type Foreground, groupConfig, LIMIT, TextClient } from './app.js';

const ERROR = 50;

/** Asks each, and then makes sure that the node still answers. */
async function asked(url: string, ...lines: readonly string[]): Promise<void> {
  const client = new TextClient(url);
  for (const line of lines) assert.equal(await client.ask(line), 'done');
  assert.equal(await client.ask('ping'), 'pong');
  client.close();
}

/** What a node writes: it can neither end nor stall it. */
describe("a node's output", { timeout: 20 * LIMIT, skip: process.platform === 'win32' }, () => {
  let app: App;

  beforeEach(async () => {
    app = await App.create();
    await app.write('events/index.ts', await readFile(fixture('events/talk/index.ts'), 'utf8'));
  });
  afterEach(async () => {
    await app.close();
  });

  /** The lines of a log in which something comes, as soon as it is there: threads and the main thread are not in step. */
  async function logged(file: string, text: string): Promise<readonly LogLine[]> {
    const signal = AbortSignal.timeout(LIMIT);
    for (;;) {
      const log = await app.read(file);
      if (log.includes(text) && log.endsWith('\n')) {
        return log
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line) as LogLine);
      }
      signal.throwIfAborted();
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** A pipe whose other end is held open, and read by nobody. */
  function unreadPipe(): { fd: number; close: () => void } {
    const path = join(app.folder, 'pipe');
    execFileSync('mkfifo', [path]);
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const fd = openSync(path, constants.O_WRONLY);
    return { fd, close: () => [reader, fd].forEach((end) => closeSync(end)) };
  }

  it('does not end it when its readers go away', async () => {
    const node = await app.start();
    node.process.stdout?.destroy();
    node.process.stderr?.destroy();
    await asked(node.listeners[0], 'print one', 'warn two', 'log three', 'write four\\n');
    const { log } = await app.status();
    assert.equal(log.lastError, 'EPIPE');
    assert.ok(log.lost >= 4, `${log.lost}`);
    assert.match((await app.run('status')).out, /\nlog: \d+ lines lost \(EPIPE\)\n/);
    assert.equal((await app.run('stop')).status, 0);
    assert.equal(await node.ended(), 0);
  });

  it('does not end the nodes of a group when their readers go away', async () => {
    await app.write('gatewayworker.config.json', JSON.stringify(groupConfig()));
    const node = await app.start('--nodes', '2');
    node.process.stdout?.destroy();
    node.process.stderr?.destroy();
    for (let n = 0; n < 4; n++) await asked(node.listeners[0], 'print one', 'warn two');
    const { log, members = [] } = await app.status();
    assert.ok(log.lost >= 8, `${log.lost}`);
    assert.deepEqual(
      members.map(({ state, restarts }) => [state, restarts]),
      [
        ['up', 0],
        ['up', 0],
      ],
    );
  });

  for (const what of ['a pipe', 'a socket']) {
    it(`does not stall it when nobody reads ${what}`, async () => {
      let node: Foreground | undefined;
      let url: string;
      const pipe = unreadPipe();
      if (what === 'a pipe') {
        await app.startInto(pipe.fd);
        url = await app.up();
      } else {
        // what node gives its children as pipes are sockets
        node = await app.start();
        node.process.stdout?.pause();
        node.process.stderr?.pause();
        [url] = node.listeners;
      }
      const text = 'x'.repeat(20_000);
      // more than a pipe, or a socket, and all that may wait for it takes
      for (let n = 0; n < 20; n++) await asked(url, ...Array.from({ length: 10 }, () => `print ${text}`));
      const client = new TextClient(url);
      for (let n = 0; n < 2000; n++) client.send(`fail ${n}`);
      assert.equal(await client.ask('ping'), 'pong');
      client.close();
      const { log, workers } = await app.status();
      assert.equal(log.lastError, 'EAGAIN');
      assert.ok(log.lost > 0);
      assert.equal(workers[0].errors, 2000);
      assert.equal((await app.run('stop')).status, 0, 'nor its end');
      node?.process.stdout?.resume();
      node?.process.stderr?.resume();
      pipe.close();
    });
  }

  it('does not end it when the disk is full', { skip: !existsSync('/dev/full') }, async () => {
    const full = openSync('/dev/full', 'w');
    await app.startInto(full);
    closeSync(full);
    await asked(await app.up(), 'print one', 'warn two', 'log three');
    assert.equal((await app.status()).log.lastError, 'ENOSPC');
    assert.equal((await app.run('stop')).status, 0);
  });

  it('does not end one in the background when the disk is full', {
    skip: !existsSync('/dev/full'),
  }, async () => {
    assert.equal((await app.run('start', '-d', '--log', '/dev/full')).status, 0);
    const { pid } = await app.status();
    await asked(await app.up(), 'print one', 'warn two', 'log three');
    const { log, pid: still } = await app.status();
    assert.equal(still, pid);
    assert.equal(log.lastError, 'ENOSPC');
    // the supervisor has something to say, too, and lives on
    process.kill(pid, 'SIGKILL');
    await app.successor(pid);
    assert.equal((await app.run('stop')).status, 0);
  });

  it('has what user code prints and logs, as lines of JSON with worker, stream and client', async () => {
    await app.startInto('ignore', '--log', 'node.log');
    const url = await app.up();
    await asked(url, 'print to stdout', 'warn to stderr', 'write half', 'write  whole\\n');
    await asked(url, 'log me', 'later', 'print the end');
    const lines = await logged('node.log', 'the end');
    const find = (msg: string): LogLine | undefined => lines.find((line) => line.msg === msg);
    assert.deepEqual([find('to stdout')?.worker, find('to stdout')?.stream], [0, 'stdout']);
    assert.deepEqual([find('to stderr')?.level, find('to stderr')?.stream], [40, 'stderr']);
    assert.ok(find('half whole'));
    assert.equal(find('module')?.worker, 0, 'before any handler');
    assert.equal(find('module')?.client, undefined);
    const { client, worker, rest }: Partial<LogLine> = find('asked') ?? {};
    assert.match(String(client), /^[0-9a-f]{20}$/);
    assert.deepEqual([worker, rest], [0, 'me']);
    assert.deepEqual([find('later')?.client, find('later')?.part], [client, 'shop'], 'after an await');
    assert.equal(find('not at this level'), undefined);
  });

  it('is limited, whatever user code prints, logs and throws', async () => {
    await app.startInto('ignore', '--log', 'node.log');
    const url = await app.up();
    await asked(url, 'flood 10000', 'logflood 10000');
    const client = new TextClient(url);
    for (let n = 0; n < 2000; n++) client.send('fail always the same');
    assert.equal(await client.ask('ping'), 'pong');
    client.close();
    assert.equal((await app.run('stop')).status, 0);
    const lines = await logged('node.log', '"stopped"');
    assert.equal(lines.filter(({ stream }) => stream === 'stdout').length, 6000);
    assert.ok(lines.filter(({ msg }) => msg === 'again').length <= 6000);
    const left = new Map(lines.filter(({ suppressed }) => suppressed).map((l) => [l.kind, l.suppressed]));
    assert.equal(left.get('stdout'), 4000);
    assert.ok(Number(left.get('log')) >= 4000);
    const failures = lines.filter(({ level }) => level === ERROR);
    assert.equal(failures.length, 11);
    assert.equal(failures[10].suppressed, 1990);
    assert.match(String(failures[0].client), /^[0-9a-f]{20}$/);
  });

  it('has the last words of a thread that dies', async () => {
    await app.startInto('ignore', '--log', 'node.log');
    const client = new TextClient(await app.up());
    client.send('crash');
    const lines = await logged('node.log', 'on purpose');
    assert.ok(lines.some(({ msg, stream }) => msg === 'last words' && stream === 'stdout'));
    client.close();
  });

  it('has what a protocol module prints and logs on the main thread', async () => {
    await app.write(
      'line.ts',
      `import { log } from 'gatewayworker';
console.log('protocol printed');
log.info('protocol logged');
export const input = (buffer: Buffer) => buffer.indexOf(10) + 1;
export const decode = (buffer: Buffer) => buffer.toString().trimEnd();
export const encode = (message: string | Buffer) => String(message) + '\\n';
`,
    );
    await app.write(
      'gatewayworker.config.json',
      JSON.stringify({
        gateway: { listen: [{ url: 'tcp://127.0.0.1:0', protocol: './line.ts' }] },
        worker: { count: 1 },
        register: false,
      }),
    );
    await app.startInto('ignore', '--log', 'node.log');
    const lines = await logged('node.log', 'is up');
    assert.ok(lines.some(({ msg, stream }) => msg === 'protocol printed' && stream === 'stdout'));
    assert.ok(lines.some(({ msg }) => msg === 'protocol logged'));
  });

  for (const where of ['foreground', 'background']) {
    it(`moves to the new file on SIGHUP, all of it, in the ${where}`, async () => {
      if (where === 'foreground') await app.startInto('ignore', '--log', 'node.log');
      else assert.equal((await app.run('start', '-d', '--log', 'node.log')).status, 0);
      const url = await app.up();
      await asked(url, 'print before');
      await logged('node.log', 'before');
      await rename(join(app.folder, 'node.log'), join(app.folder, 'node.log.1'));
      const leader = where === 'foreground' ? 'gatewayworker.pid' : 'gatewayworker.supervisor.pid';
      process.kill(await app.pid(leader), 'SIGHUP');
      const signal = AbortSignal.timeout(LIMIT);
      while (!existsSync(join(app.folder, 'node.log'))) {
        signal.throwIfAborted();
        await new Promise((resolve) => setImmediate(resolve));
      }
      // until the node has heard of it as well
      for (let n = 0; ; n++) {
        await asked(url, `print after ${n}`);
        if ((await app.read('node.log')).includes(`after ${n}"`)) break;
        signal.throwIfAborted();
      }
      await asked(url, 'log x', 'warn w', 'print last');
      const lines = await logged('node.log', '"last"');
      assert.ok(lines.some(({ msg }) => msg === 'asked'));
      assert.ok(lines.some(({ stream }) => stream === 'stderr'));
      assert.ok(!(await app.read('node.log.1')).includes('"last"'));
    });

    it(`goes on in a file that is copied and cut off, in the ${where}`, async () => {
      if (where === 'foreground') await app.startInto('ignore', '--log', 'node.log');
      else assert.equal((await app.run('start', '-d', '--log', 'node.log')).status, 0);
      const url = await app.up();
      await asked(url, 'print before');
      await logged('node.log', 'before');
      await truncate(join(app.folder, 'node.log'));
      await asked(url, 'print after', 'log x');
      const lines = await logged('node.log', 'asked');
      assert.ok(lines.some(({ msg }) => msg === 'after'));
      assert.ok(!(await app.read('node.log')).includes('\0'), 'no hole');
    });
  }
});

describe('the logger where no node runs', () => {
  it('writes to standard output, so that handlers can be tried by themselves', () => {
    const url = JSON.stringify(import.meta.resolve('#src/index.js'));
    const out = execFileSync(
      process.execPath,
      [
        '--input-type=module',
        '--eval',
        `const { log } = await import(${url}); log.info({ n: 1 }, 'hello %s', 'you')`,
      ],
      { encoding: 'utf8' },
    );
    const { n, msg }: LogLine = JSON.parse(out);
    assert.deepEqual([n, msg], [1, 'hello you']);
  });
});
