import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { gzipSync } from 'node:zlib';
import { WebSocket, WebSocketServer } from 'ws';
import { type ConnectOptions, GatewayError, connect } from 'gatewayworker/browser';
import { type TestNode, bootNode } from '#src/testing/index.js';
import { BrowserClient } from '../support/browser-client.js';
import { fixture } from '../support/fixtures.js';
import { Inbox } from '../support/inbox.js';
import { ROOT } from '../support/package-project.js';

describe('messages between a client and a node', { timeout: 60_000 }, () => {
  let node: TestNode;
  before(async () => {
    node = await bootNode({ config: { worker: { count: 1, events: fixture('events/page') } } });
  });
  after(() => node.close());

  it('are heard by whoever listens for their name, the sender by its id', async (t) => {
    const [ann, ben] = [await BrowserClient.open(t, node.urls[0]), await BrowserClient.open(t, node.urls[0])];
    assert.match(ann.connection.id, /^[0-9a-f]{20}$/);
    assert.notEqual(ann.connection.id, ben.connection.id);
    const [first, second, other] = [ben.inbox('said'), ben.inbox('said'), ben.inbox('sung')];
    ann.connection.emit('say', { text: 'hello' });
    const said = { from: ann.connection.id, text: 'hello' };
    assert.deepEqual([await first.next(), await second.next(), other.length], [said, said, 0]);
  });

  it('reach a listener until it is taken away', async (t) => {
    const client = await BrowserClient.open(t, node.urls[0]);
    const all = client.inbox('said');
    const heard: unknown[] = [];
    const off = client.connection.on('said', (data) => {
      heard.push(data);
      off();
    });
    client.connection.emit('say', { text: 'one' });
    client.connection.emit('say', { text: 'two' });
    await all.next();
    await all.next();
    assert.equal(heard.length, 1);
  });

  it('are answered, each by its own answer', async (t) => {
    const { connection } = await BrowserClient.open(t, node.urls[0]);
    const answers = [1, 2, 3].map((n) => connection.request('sum', { numbers: [n, n] }));
    assert.deepEqual(await Promise.all(answers), [2, 4, 6]);
  });

  it('are refused: a request to who asks, an event to onError', async (t) => {
    const { connection, errors } = await BrowserClient.open(t, node.urls[0]);
    await assert.rejects(connection.request('refuse'), {
      name: 'GatewayError',
      code: 'no-sum',
      message: 'There is none.',
    });
    await assert.rejects(connection.request('sum', { numbers: [1, 'two'] }), {
      code: 'GW_MESSAGE',
      message: '/numbers/1 must be number.',
      path: '/numbers/1',
    });
    connection.emit('sum', {});
    connection.emit('sun');
    await connection.request('sum', { numbers: [] });
    assert.deepEqual(
      (errors as GatewayError[]).map(({ code, path, event }) => [code, path, event]),
      [
        ['GW_MESSAGE', '/numbers', 'sum'],
        ['GW_MESSAGE', undefined, 'sun'],
      ],
    );
  });

  it('are late: the answer that comes after all is nobody’s', async (t) => {
    const { connection, clock } = await BrowserClient.open(t, node.urls[0]);
    const other = await BrowserClient.open(t, node.urls[0]);
    const raw = new Inbox<unknown>('a client');
    connection.onMessage((message) => raw.put(message));
    const hold = connection.request('hold', undefined, { timeout: 50 });
    const late = assert.rejects(hold, { code: 'GW_TIMEOUT', message: /hold was not answered within 50 ms/ });
    clock.advance(50);
    await late;
    other.connection.emit('release');
    connection.emit('raw', '{"id":1,"text":"of its own"}');
    assert.equal(await raw.next(), '{"id":1,"text":"of its own"}');
    assert.equal(clock.timers, 0);
  });

  it('of the server’s are answered by what a listener returns', async (t) => {
    const { connection, errors } = await BrowserClient.open(t, node.urls[0]);
    connection.on('name', () => {});
    connection.on('name', async (data) => await Promise.resolve(`${String(data)}!`));
    connection.on('nothing', () => {});
    connection.on('bytes', () => ({ bytes: Uint8Array.of(1, 2) }));
    connection.on('fails', () => {
      throw new TypeError('a secret');
    });
    connection.on('refuses', () => Promise.reject(new GatewayError('busy', 'Not now.')));
    connection.on('loops', () => {
      const loop: object[] = [];
      return (loop.push(loop), loop);
    });
    const ask = (event: string): Promise<unknown> => connection.request('ask', { event, data: 'Ann' });
    const failed = { code: 'GW_HANDLER', message: 'The listener failed.' };
    assert.deepEqual(await ask('name'), { answer: 'Ann!' });
    assert.deepEqual(await ask('nothing'), {});
    assert.deepEqual(await ask('bytes'), { answer: { bytes: Uint8Array.of(1, 2) } });
    assert.deepEqual(await ask('refuses'), { refusal: { code: 'busy', message: 'Not now.' } });
    assert.deepEqual(await ask('fails'), { refusal: failed });
    assert.deepEqual(await ask('loops'), { refusal: failed });
    const missing = { code: 'GW_MESSAGE', message: 'Nothing listens for unknown here.' };
    assert.deepEqual(await ask('unknown'), { refusal: missing });
    const [refusal, secret, loop, ...more] = errors;
    assert.deepEqual(
      [refusal.message, secret.message, (loop as GatewayError).code, more],
      ['Not now.', 'a secret', 'GW_ARGUMENT', []],
    );
  });

  it('without a name come to onMessage, as they are', async (t) => {
    const { connection } = await BrowserClient.open(t, node.urls[0]);
    const raw = new Inbox<string | Uint8Array>('a client');
    connection.onMessage((message) => raw.put(message));
    for (const text of [
      'hello',
      '',
      '7',
      'null',
      '[1]',
      '{"a":1}',
      '{"event":7}',
      '{"hello":{"id":"x"}}',
      '{"id":"1","data":2}',
    ]) {
      connection.emit('raw', text);
      assert.equal(await raw.next(), text);
    }
  });

  it('keep bytes as bytes, both ways, wherever they are in the data', async (t) => {
    const client = await BrowserClient.open(t, node.urls[0]);
    const shown = client.inbox('shown');
    const whole = Uint8Array.of(1, 2, 3, 4);
    const parts = [whole.buffer, whole.subarray(1, 3), new Uint8Array(0), Buffer.from('node')];
    const answer = await client.connection.request('picture', { name: 'ä', parts });
    const bytes = [whole, whole.slice(1, 3), new Uint8Array(0), new TextEncoder().encode('node')];
    assert.deepEqual(answer, { name: 'ä', parts: bytes });
    assert.deepEqual(await shown.next(), answer);
  });

  it('that JSON cannot hold are refused where they are sent', async (t) => {
    const { connection } = await BrowserClient.open(t, node.urls[0]);
    const loop: Record<string, unknown> = {};
    loop.self = { loop };
    const blob = /expected its bytes instead of a (Blob|File): await blob\.arrayBuffer\(\)/;
    const refused: readonly (readonly [data: unknown, message: RegExp])[] = [
      [{ text: 1n }, /^The data cannot be sent: .*BigInt/],
      [loop, /^The data cannot be sent: .*circular/],
      [new Blob(['a']), blob],
      [{ numbers: [new File(['a'], 'a.txt')] }, blob],
      [{ toJSON: () => assert.fail('on purpose') }, /^The data cannot be sent: on purpose/],
    ];
    for (const [data, message] of refused) {
      const expected = { name: 'GatewayError', code: 'GW_ARGUMENT', message };
      assert.throws(() => connection.emit('say', data), expected);
      await assert.rejects(connection.request('sum', data), expected);
    }
    const numbers = await Promise.all([new Blob(['a']).arrayBuffer()]);
    assert.equal(await connection.request('sum', { numbers: [numbers[0].byteLength] }), 1);
  });

  it('keep their order, however a listener fails', async (t) => {
    const client = await BrowserClient.open(t, node.urls[0]);
    client.connection.on('said', () => {
      throw new Error('on purpose');
    });
    const texts = client.inbox('said');
    for (let n = 0; n < 100; n++) client.connection.emit('say', { text: String(n) });
    for (let n = 0; n < 100; n++) assert.equal(((await texts.next()) as { text: string }).text, String(n));
    assert.equal(client.errors.length, 100);
  });
});

describe('the built module', { timeout: 60_000 }, () => {
  it('is one file of less than 4 KB, as it is compressed, and needs no other', () => {
    const file = readFileSync(join(ROOT, 'dist/browser/gatewayworker.js'));
    const { length } = gzipSync(file);
    assert.ok(length < 4096, `${length} bytes`);
    assert.doesNotMatch(file.toString(), /\bimport\b|\bfrom\s*["']|require\(/);
  });

  it('connects with the WebSocket that it is given, and says when there is none', async (t) => {
    const node = await bootNode({ config: { worker: { count: 1, events: fixture('events/page') } } });
    t.after(() => node.close());
    const url = node.urls[0].replace('ws:', 'http:');
    const connection = connect(new URL(url), { WebSocket });
    assert.equal(connection.state, 'connecting');
    assert.equal(await connection.request('sum', { numbers: [1, 2] }), 3);
    assert.equal(connection.state, 'open');
    connection.close();
    assert.equal(connection.state, 'closed');
    const there = Object.getOwnPropertyDescriptor(globalThis, 'WebSocket');
    Object.defineProperty(globalThis, 'WebSocket', { value: undefined, configurable: true });
    t.after(() => there && Object.defineProperty(globalThis, 'WebSocket', there));
    assert.throws(() => connect(url), { code: 'GW_ARGUMENT', message: /no WebSocket here.*ws/ });
  });

  it('says what is no address', () => {
    // the browser's own is taken as well: a matter of types
    const own: ConnectOptions = { WebSocket: globalThis.WebSocket };
    assert.ok('WebSocket' in own);
    for (const url of ['', '/chat', 'example.com', 'mailto:ann@example.com']) {
      assert.throws(() => connect(url, { WebSocket }), {
        code: 'GW_ARGUMENT',
        message: /is no address of a gateway/,
      });
    }
  });
});

/** A server of our own. @returns its url */
async function greeting(t: TestContext, onClient: (socket: WebSocket) => void): Promise<string> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  t.after(() => server.close());
  server.on('connection', (socket) => {
    socket.send('{"hello":{"version":1,"id":"a"}}');
    onClient(socket);
  });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return `ws://127.0.0.1:${port}`;
}

describe('a server that sends anything', { timeout: 60_000 }, () => {
  it('that echoes gets bytes as bytes, wherever they are in the data', async (t) => {
    const server = await greeting(t, (socket) => {
      socket.on('message', (message, isBinary) => socket.send(message, { binary: isBinary }));
    });
    const { connection } = await BrowserClient.open(t, server);
    const echoed = new Inbox<unknown>('a client');
    connection.on('picture', (data) => echoed.put(data));
    const whole = Uint8Array.of(1, 2, 3, 4);
    connection.emit('picture', {
      name: 'ä',
      parts: [whole.buffer, whole.subarray(1, 3), new Uint8Array(0), Buffer.from('node')],
      same: { _placeholder: true, num: 9 },
    });
    assert.deepEqual(await echoed.next(), {
      name: 'ä',
      parts: [whole, whole.slice(1, 3), new Uint8Array(0), new TextEncoder().encode('node')],
      same: { _placeholder: true, num: 9 },
    });
    connection.emit('picture', whole);
    assert.deepEqual(await echoed.next(), whole);
  });

  it('ends nothing: what is no message with a name is given to onMessage', async (t) => {
    const words = [
      Buffer.alloc(0),
      Buffer.from([0, 0, 0]),
      Buffer.from([255, 255, 255, 255]),
      Buffer.from([0, 0, 0, 1, 0x7b, 0, 0, 0, 9, 1]),
      Buffer.from([0, 0, 0, 2, 0x7b, 0xff]),
      Buffer.from([0, 0, 0, 4, 0x6e, 0x75, 0x6c, 0x6c]),
    ];
    const server = await greeting(t, (socket) => {
      for (const word of words) socket.send(word);
      socket.send('{"event":"__proto__","data":1}');
      socket.send('{"event":"constructor","id":1}');
      socket.send('{"id":99,"data":"nobody asked"}');
      socket.send('{"error":null}');
      socket.send('{"event":"last"}');
    });
    const client = BrowserClient.start(t, server);
    const raw: unknown[] = [];
    client.connection.onMessage((message) => raw.push(message));
    const last = client.inbox('last');
    await last.next();
    assert.deepEqual(raw, [...words.map((word) => new Uint8Array(word)), '{"error":null}']);
    assert.deepEqual(client.errors, []);
  });
});
