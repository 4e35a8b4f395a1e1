import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { ApiClient } from '../support/api-client.js';
import { configFolder } from '../support/config-folder.js';
import { NodeProcess } from '../support/node.js';
import { TextClient } from '../support/text-client.js';
import { WsClient } from '../support/ws-client.js';

interface Happened {
  readonly event: string;
  readonly id: string;
  readonly uid: string | null;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly gatewayPort: number;
  readonly session?: object;
  readonly handshake?: {
    readonly url: string;
    readonly query: object;
    readonly headers: Record<string, string>;
    readonly cookies: object;
    readonly remoteAddress: string;
  };
}

describe('what an event app is told', () => {
  let node: NodeProcess;
  let observer: ApiClient;
  before(async () => {
    node = await NodeProcess.start({
      events: 'api',
      gateway: { listen: [{ url: 'ws://127.0.0.1:0' }, { url: 'text://127.0.0.1:0' }] },
    });
    observer = await ApiClient.connect(node.url('ws'));
  });
  after(() => node.stop());

  /** What happened to one client so far. */
  async function story(id: string): Promise<Happened[]> {
    return (await observer.call<Happened[]>('happened')).filter((entry) => entry.id === id);
  }

  it('of a websocket: onConnect, onWebSocketConnect with the handshake, onClose with the final session', async () => {
    const ws = await WsClient.connect(`${node.url('ws')}/chat/room?name=J%C3%BCrgen&tag=a&tag=b&empty=`, {
      headers: { cookie: 'sid=abc%20d; theme="dark"', 'x-forwarded-for': '10.1.1.1', 'user-agent': 'test' },
    });
    ws.send(JSON.stringify({ call: 'describe' }));
    const { result: self } = await ws.nextJson<{ result: Happened }>();
    const place = {
      remoteAddress: '127.0.0.1',
      remotePort: ws.localPort,
      gatewayPort: portOf(node.url('ws')),
    };
    assert.deepEqual(self, { id: self.id, uid: null, ...place });

    ws.send(JSON.stringify({ call: 'session.assign', args: [{ name: 'Ann', tags: ['x'] }] }));
    ws.send(JSON.stringify({ call: 'client.bindUid', args: ['ann'] }));
    await ws.next();
    await ws.next();
    await observer.call('updateSession', self.id, { seen: true });
    await ws.close();
    await observer.call('untilClosed', self.id);
    const [connected, shaken, closed, ...rest] = await story(self.id);
    assert.deepEqual(connected, { event: 'onConnect', id: self.id, uid: null, ...place });
    assert.equal(shaken.event, 'onWebSocketConnect');
    const { headers, ...handshake } = shaken.handshake as NonNullable<Happened['handshake']>;
    assert.deepEqual(handshake, {
      url: '/chat/room?name=J%C3%BCrgen&tag=a&tag=b&empty=',
      query: { name: 'Jürgen', tag: 'b', empty: '' },
      queryAll: { name: ['Jürgen'], tag: ['a', 'b'], empty: [''] },
      cookies: { sid: 'abc d', theme: 'dark' },
      remoteAddress: '127.0.0.1',
      subprotocol: null,
      certificate: null,
      namespace: null,
      auth: null,
    });
    assert.equal(headers['x-forwarded-for'], '10.1.1.1');
    assert.equal(headers['user-agent'], 'test');
    assert.equal(headers.upgrade, 'websocket');
    assert.equal(headers.host, new URL(node.url('ws')).host);
    assert.deepEqual(closed, {
      event: 'onClose',
      id: self.id,
      uid: 'ann',
      ...place,
      session: { name: 'Ann', tags: ['x'], seen: true },
      end: { by: 'client', code: 1005, reason: '', groups: [] },
    });
    assert.deepEqual(rest, []);
  });

  it('of a text client: onConnect at once, onClose, and no handshake', async () => {
    const text = await TextClient.connect(node.url('text'));
    const { localPort } = text.socket;
    text.send(JSON.stringify({ call: 'describe' }));
    const { id } = (JSON.parse(await text.next()) as { result: Happened }).result;
    await text.close();
    await observer.call('untilClosed', id);
    const place = {
      remoteAddress: '127.0.0.1',
      remotePort: localPort,
      gatewayPort: portOf(node.url('text')),
    };
    assert.deepEqual(await story(id), [
      { event: 'onConnect', id, uid: null, ...place },
      {
        event: 'onClose',
        id,
        uid: null,
        ...place,
        session: {},
        end: { by: 'client', code: 0, reason: '', groups: [] },
      },
    ]);
  });

  it('a client that is dropped by either side is closed as any other', async () => {
    const client = await ApiClient.connect(node.url('ws'));
    client.ws.socket.terminate();
    await observer.call('untilClosed', client.id);
    assert.equal(await observer.call('isOnline', client.id), false);
    assert.deepEqual(
      (await story(client.id)).map(({ event }) => event),
      ['onConnect', 'onWebSocketConnect', 'onClose'],
    );
  });

  it('onWorkerStart knows its worker, and may send and query before there is any client', async () => {
    const report = await observer.call<Record<string, unknown>>('startReport');
    assert.deepEqual(report.worker, { id: 0, count: 1, name: 'test-node:0', node: 'test-node' });
    assert.equal(report.query, 0);
    assert.equal(report.sent, true);
  });
});

it('the address of an IPv6 client is told as such', async (t) => {
  const node = await NodeProcess.start({ events: 'api', gateway: { listen: [{ url: 'ws://[::1]:0' }] } });
  t.after(() => node.stop());
  const client = await ApiClient.connect(node.url('ws'));
  const self = await client.call<Happened>('describe');
  assert.equal(self.remoteAddress, '::1');
  const [connected, shaken] = await client.call<Happened[]>('happened');
  assert.equal(connected.remoteAddress, '::1');
  assert.equal(shaken.handshake?.remoteAddress, '::1');
  await client.call('client.bindUid', 'ann');
  await client.call('session.assign', { n: 1 });
  assert.equal((await client.call<Happened>('describe')).remoteAddress, '::1');
});

it('an IPv4 client of a dual-stack listener is told as IPv4', async (t) => {
  const node = await NodeProcess.start({ events: 'api', gateway: { listen: [{ url: 'ws://[::]:0' }] } });
  t.after(() => node.stop());
  const client = await ApiClient.connect(`ws://127.0.0.1:${portOf(node.url('ws'))}`);
  assert.equal((await client.call<Happened>('describe')).remoteAddress, '127.0.0.1');
});

it('every worker is started and stopped once, and onWorkerStop comes after its last onClose', async (t) => {
  const file = join(await configFolder(t), 'lifecycle');
  const env = { LIFECYCLE_FILE: file };
  const node = await NodeProcess.start({ events: 'lifecycle', worker: { count: 3 }, name: 'n', env });
  t.after(() => node.stop());
  const clients = await Promise.all(Array.from({ length: 6 }, () => WsClient.connect(node.url('ws'))));
  for (const client of clients) {
    client.send('hello');
    await client.next();
  }
  await node.stop();
  for (const client of clients) assert.equal((await client.closed).code, 1001);

  const notes = (await readFile(file, 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { id: number; event: string; worker?: object });
  for (const id of [0, 1, 2]) {
    const worker = { id, count: 3, name: `n:${id}`, node: 'n' };
    const close = { id, event: 'close' };
    assert.deepEqual(
      notes.filter((note) => note.id === id),
      [{ id, event: 'start', worker }, close, close, { id, event: 'stop', worker }],
    );
  }
});

function portOf(url: string): number {
  return Number(new URL(url).port);
}
