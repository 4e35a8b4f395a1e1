import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { createLogger } from '#src/base/log.js';
import { ControlClient } from '#src/ops/control/control-client.js';
import { MAX_REQUEST } from '#src/ops/control/control-protocol.js';
import { ControlServer } from '#src/ops/control/control-server.js';
import { collectConnections } from '#src/ops/requests/connections.js';
import { compileError, FakeNode, STATUS } from '../group/fake-node.js';

const log = createLogger({ level: 'silent', destination: process.stderr });

describe('the control socket', { timeout: 20_000 }, () => {
  let folder: string;
  let path: string;
  let node: FakeNode;
  let server: ControlServer;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gatewayworker-control-'));
    path = join(folder, 'a.sock');
    node = new FakeNode();
    server = await ControlServer.listen(path, node, log);
  });

  afterEach(async () => {
    await server.close();
    await rm(folder, { recursive: true });
  });

  /** Sends bytes, hangs up, and returns all that comes back. */
  async function exchange(
    ...chunks: readonly (string | Buffer)[]
  ): Promise<{ ok: boolean; [key: string]: unknown }[]> {
    const socket = connect({ path, allowHalfOpen: true });
    for (const chunk of chunks) socket.write(chunk);
    socket.end();
    return (await readAll(socket))
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));
  }

  describe('towards a client', () => {
    let client: ControlClient;

    beforeEach(async () => {
      client = await ControlClient.connect(path);
    });
    afterEach(() => client.close());

    it('answers several requests of one connection', async () => {
      assert.deepEqual(await client.ask({ command: 'status' }), STATUS);
      await client.ask({ command: 'reload', graceful: true });
      assert.equal(
        (await client.ask({ command: 'connections', offset: 10, limit: 5 })).connections.length,
        5,
      );
      await client.ask({ command: 'stop', graceful: false });
      assert.deepEqual(
        node.asked.filter((what) => what !== 'status'),
        ['reload true', 'connections 10 5', 'stop false'],
      );
    });

    it('fetches as many pages as it takes', async () => {
      const { total, offset, connections } = await collectConnections(
        100,
        1_000_000,
        async (request) => await client.ask(request),
      );
      assert.deepEqual([total, offset, connections.length], [2500, 100, 2400]);
      assert.equal(new Set(connections.map(({ clientId }) => clientId)).size, 2400);
      assert.deepEqual(node.asked.slice(0, 3), [
        'connections 100 1000',
        'connections 1100 1000',
        'connections 2100 1000',
      ]);
    });

    it('hands over errors with their code and every line', async () => {
      node.failure = compileError;
      await assert.rejects(client.ask({ command: 'reload', graceful: false }), {
        code: 'GW_EVENTS_COMPILE',
        message: compileError.message,
      });
      node.failure = new TypeError('of ours');
      await assert.rejects(client.ask({ command: 'reload', graceful: false }), {
        code: 'GW_CONTROL',
        message: 'of ours',
      });
      await client.ask({ command: 'status' });
    });

    it('answers a stop although it ends with it', async () => {
      let stopped!: () => void;
      node.stopped = new Promise((resolve) => (stopped = resolve));
      const answer = client.ask({ command: 'stop', graceful: false });
      const idle = await ControlClient.connect(path);
      while (!node.asked.includes('stop false')) await idle.ask({ command: 'status' });
      const closed = server.close();
      stopped();
      await answer;
      await closed;
      await assert.rejects(idle.ask({ command: 'status' }), { code: 'GW_CONTROL' });
    });
  });

  it("is its owner's alone", { skip: process.platform === 'win32' }, () => {
    assert.equal(statSync(path).mode & 0o777, 0o600);
    const before = process.umask();
    process.umask(before);
    assert.notEqual(before, 0o177);
  });

  it('is gone when it is closed, and takes the place of a leftover', async () => {
    await server.close();
    assert.equal(existsSync(path), false);
    await writeFile(path, 'left behind');
    server = await ControlServer.listen(path, node, log);
    assert.equal((await exchange('{"command":"status"}\n'))[0].ok, true);
  });

  it('names what it cannot do', async () => {
    await assert.rejects(ControlServer.listen(join(folder, 'a.sock', 'b.sock'), node, log), {
      code: 'GW_CONTROL',
      message: /cannot be created \((?:ENOTDIR|EEXIST)\)/,
    });
  });

  describe('that is closed', () => {
    it('is so at once when nobody asks anything, and its file is gone then', async (t) => {
      t.mock.timers.enable({ apis: ['setTimeout'] });
      const idle = await ControlClient.connect(path);
      await idle.ask({ command: 'status' });
      const closed = server.close();
      await closed;
      assert.equal(existsSync(path), false);
      idle.close();
    });

    it('is so after the answer that is under way, whatever comes first', async (t) => {
      let stopped!: () => void;
      node.stopped = new Promise((resolve) => (stopped = resolve));
      const client = await ControlClient.connect(path);
      const order: string[] = [];
      const answered = client.ask({ command: 'stop', graceful: false }).then(() => order.push('answered'));
      while (!node.asked.includes('stop false')) await turn();
      const [started, cancelled] = [
        t.mock.method(globalThis, 'setTimeout'),
        t.mock.method(globalThis, 'clearTimeout'),
      ];
      const closed = server.close().then(() => order.push('closed'));
      const timer: unknown = started.mock.calls[0].result;
      for (let turns = 0; turns < 5; turns++) await turn();
      order.push('stopped');
      stopped();
      await Promise.all([answered, closed]);
      assert.deepEqual(order[0], 'stopped');
      assert.deepEqual(cancelled.mock.calls[0].arguments, [timer], 'nothing keeps the process alive');
      assert.deepEqual(new Set(order), new Set(['stopped', 'answered', 'closed']));
    });

    it('does not wait for a peer that never ends its side, or for an answer that never comes', async (t) => {
      node.stopped = new Promise(() => {});
      const mute = connect({ path, allowHalfOpen: true });
      await once(mute, 'connect');
      mute.write('{"command":"stop"}\n');
      while (!node.asked.includes('stop false')) await turn();
      t.mock.timers.enable({ apis: ['setTimeout'] });
      let done = false;
      const closed = server.close().then(() => (done = true));
      t.mock.timers.tick(999);
      for (let turns = 0; turns < 5; turns++) await turn();
      assert.equal(done, false);
      t.mock.timers.tick(1);
      await closed;
      mute.destroy();
    });
  });

  it('answers what was sent in one piece, in order', async () => {
    const answers = await exchange(
      '{"command":"reload"}\n{"command":"nonsense"}\n{"command":"connections"}\n',
    );
    assert.deepEqual(
      answers.map(({ ok }) => ok),
      [true, false, true],
    );
    assert.deepEqual(node.asked, ['reload false', 'connections 0 100']);
  });

  it('answers what comes byte by byte', async () => {
    const answers = await exchange(...Array.from('{"command":"stop","graceful":true}\n'));
    assert.deepEqual(answers, [{ ok: true, result: null }]);
    assert.deepEqual(node.asked, ['stop true']);
  });

  it('does nothing for half a line', async () => {
    assert.deepEqual(await exchange('{"command":"stop"}'), []);
    assert.deepEqual(node.asked, []);
  });

  for (const [what, line, message] of [
    ['garbage', Buffer.from([0xff, 0x00, 0x80]), /is not JSON: expected one JSON object per line/],
    ['an empty line', '', /is not JSON/],
    ['a list', '[]', /is no object/],
    ['null', 'null', /is no object/],
    ['no command', '{}', /The command is missing: expected status, connections, reload, .* or \w+\./],
    ['a command that is none', '{"command":"constructor"}', /The command is "constructor"/],
    ['a long command', `{"command":"${'x'.repeat(2000)}"}`, /The command is "x{39}…: expected/],
    [
      'a limit that is too high',
      '{"command":"connections","limit":1001}',
      /limit is 1001: expected an integer from 1 to 1000/,
    ],
    ['an offset below zero', '{"command":"connections","offset":-1}', /offset is -1/],
    ['an offset that is no number', '{"command":"connections","offset":"1"}', /offset is "1"/],
    ['a number for a flag', '{"command":"stop","graceful":1}', /graceful is 1: expected true or false/],
  ] as const) {
    it(`refuses ${what}, and goes on`, async () => {
      const answers = await exchange(line, '\n{"command":"status"}\n');
      assert.deepEqual(
        answers.map(({ ok }) => ok),
        [false, true],
      );
      const { code, message: found } = answers[0].error as { code: string; message: string };
      assert.equal(code, 'GW_CONTROL');
      assert.match(found, message);
      assert.deepEqual(node.asked, ['status']);
    });
  }

  it('refuses a line that is too long, and ends the connection', async () => {
    for (const end of ['', '\n{"command":"stop"}\n']) {
      const socket = connect(path);
      // it may be closed while it still writes
      socket.on('error', () => {});
      socket.write(`"${'x'.repeat(MAX_REQUEST)}${end}`);
      const answer = JSON.parse(await readAll(socket));
      assert.match(answer.error.message, /longer than 4096 bytes/);
    }
    assert.deepEqual(node.asked, []);
  });

  it('takes 64 connections, and one more when one of them has ended', async () => {
    const sockets = Array.from({ length: 64 }, () => connect(path));
    await Promise.all(sockets.map((socket) => once(socket, 'connect')));
    // the last one is in when it is answered
    sockets[63].write('{"command":"status"}\n');
    await once(sockets[63], 'data');
    const refused = connect(path).on('error', () => {});
    await once(refused, 'close');
    const gone = once(sockets[0], 'close');
    sockets[0].end();
    await gone;
    assert.equal((await exchange('{"command":"status"}\n'))[0].ok, true);
    for (const socket of sockets) socket.destroy();
  });

  it('ends a connection after a minute of silence, unless it waits for an answer', async (t) => {
    const { mock } = t.mock.method(Socket.prototype, 'setTimeout');
    let stopped!: () => void;
    node.stopped = new Promise((resolve) => (stopped = resolve));
    const [silent, waiting] = [connect(path), connect(path)];
    const ended = once(silent, 'close');
    waiting.write('{"command":"stop"}\n');
    while (!node.asked.includes('stop false') || mock.callCount() < 2) await turn();
    assert.deepEqual(
      mock.calls.map(({ arguments: [milliseconds] }) => milliseconds),
      [60_000, 60_000],
    );
    for (const { this: socket } of mock.calls) (socket as Socket).emit('timeout');
    await ended;
    stopped();
    const [answer] = (await once(waiting, 'data')) as [Buffer];
    assert.deepEqual(JSON.parse(String(answer)), { ok: true, result: null });
    waiting.destroy();
  });

  it('outlives clients that vanish in the middle', async () => {
    node.stopped = new Promise(() => {});
    for (const bytes of ['{"command":', '{"command":"stop"}\n', '{"command":"status"}\n'.repeat(100)]) {
      const socket = connect(path);
      await once(socket, 'connect');
      socket.write(bytes);
      socket.destroy();
    }
    assert.equal((await exchange('{"command":"status"}\n'))[0].ok, true);
  });
});

describe('a control client', { timeout: 20_000 }, () => {
  it('refuses what is no answer', async () => {
    for (const line of [
      '',
      'null',
      '[]',
      '"ok"',
      '{"ok":"true"}',
      '{"ok":false}',
      '{"ok":false,"error":{"code":1}}',
    ]) {
      await assert.rejects(
        asked((socket) => socket.end(`${line}\n`)),
        { code: 'GW_CONTROL', message: /^The node answered/ },
      );
    }
  });

  it('takes an unknown code for its own', async () => {
    const answer = '{"ok":false,"error":{"code":"toString","message":"from a later version"}}\n';
    await assert.rejects(
      asked((socket) => socket.end(answer)),
      { code: 'GW_CONTROL', message: 'from a later version' },
    );
  });

  it('notices that the node has died', async () => {
    for (const respond of [
      (socket: Socket) => socket.destroy(),
      (socket: Socket) => socket.end('{"ok":tr'),
    ]) {
      await assert.rejects(asked(respond), { code: 'GW_CONTROL', message: /ended the connection/ });
    }
  });

  it('does not wait for a node that is stuck', async (test) => {
    test.mock.timers.enable({ apis: ['setTimeout'] });
    await assert.rejects(
      asked(() => test.mock.timers.tick(5000)),
      { code: 'GW_TIMEOUT', message: /has not answered on its control socket for 5 seconds/ },
    );
  });
});

/** Asks a server that answers so for its status. */
async function asked(respond: (socket: Socket) => void): Promise<unknown> {
  const folder = await mkdtemp(join(tmpdir(), 'gatewayworker-control-'));
  const path = join(folder, 'a.sock');
  const server = createServer((socket) => socket.once('data', () => respond(socket)));
  server.listen(path);
  await once(server, 'listening');
  const client = await ControlClient.connect(path);
  try {
    return await client.ask({ command: 'status' });
  } finally {
    client.close();
    server.close();
    await rm(folder, { recursive: true });
  }
}

async function readAll(socket: Socket): Promise<string> {
  let text = '';
  socket.setEncoding('utf8');
  for await (const chunk of socket) text += chunk;
  return text;
}
