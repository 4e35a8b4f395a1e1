/** What a trace shows of clients of real nodes: over HTTP, and by the command. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Socket } from 'socket.io-client';
import type { TraceEntry, TracePart } from '#src/ops/requests/trace.js';
import { AdminClient } from '../support/admin-client.js';
import { NodeProcess } from '../support/node.js';
import { connectSocketIo } from '../support/socket-io-client.js';
import { WsClient } from '../support/ws-client.js';

describe('a trace', { timeout: 60_000 }, () => {
  let node: NodeProcess;
  let admin: AdminClient;
  before(async () => {
    node = await NodeProcess.start({ events: 'api', admin: { listen: '127.0.0.1:0', readOnly: true } });
    admin = new AdminClient(await node.admin());
  });
  after(async () => await node.stop());

  async function ask(query: object): Promise<TracePart> {
    return (await admin.result('/api/trace', query)) as TracePart;
  }

  /** All that is told from a part on, until the trace is over. */
  async function rest(query: object, { next }: TracePart): Promise<readonly TraceEntry[]> {
    const part = await ask({ ...query, after: next });
    return part.next === null ? part.entries : [...part.entries, ...(await rest(query, part))];
  }

  async function refused(query: object): Promise<string> {
    const { status, json } = await admin.post('/api/trace', query);
    return `${status} ${json.error?.message}`;
  }

  it('of a client has all that it sends and is sent, and what changes of it, until its end', async () => {
    const client = await WsClient.connect(`${node.url('ws')}/chat?room=1`);
    const call = async (name: string, ...args: unknown[]): Promise<unknown> => {
      client.send(JSON.stringify({ call: name, args }));
      return (JSON.parse(String(await client.next())) as { result: unknown }).result;
    };
    const { id } = (await call('describe')) as { id: string };
    const first = await ask({ clientId: id });
    assert.match(first.entries[0].text, /^ws from 127\.0\.0\.1:\d+; worker test-node:0$/);
    assert.equal(first.clients, 1);
    await call('client.bindUid', 'ann');
    await call('client.join', 'room');
    await call('session.assign', { n: 1 });
    client.send(new Uint8Array([1, 255]));
    assert.deepEqual(await client.next(), Buffer.from([1, 255]));
    await call('ungroup', 'room');
    client.send(JSON.stringify({ call: 'client.close', args: ['bye', { code: 4001, reason: 'enough' }] }));
    assert.equal(await client.next(), 'bye');
    await client.closed;
    const told = await rest({ clientId: id }, first);
    const shown = told.map(({ direction, what, size, text }) =>
      [direction, what, size ?? '', text].join(' '),
    );
    assert.deepEqual(
      // answers to calls, and when they come between other things, are not what this is about
      shown.filter((line) => !/^out send \d+ \{|^in message \d+ \{|^about worker/.test(line)),
      [
        'about uid  is ann',
        'about group  joins room',
        'about session 27 {"set":{"n":1},"delete":[]}',
        'in message 2 01ff',
        'out send 2 01ff',
        'about group  leaves room, as all do',
        'out send 3 bye',
        'out kick  by server, 4001 enough',
        'in close  by server 4001 enough',
      ],
    );
    const calls = told.filter(({ what, size = 0 }) => what === 'message' && size > 2);
    assert.equal(calls.length, 5);
    assert.equal(told.filter(({ binary }) => binary).length, 2);
    const { next, ended } = await ask({ clientId: id });
    assert.deepEqual([next, ended?.by], [null, 'nobody']);
  });

  it('of a uid has who gets it later, whole messages, and needs a token', async () => {
    const query = { uid: 'bob', payload: true };
    const first = await ask(query);
    assert.deepEqual([first.clients, first.entries], [0, []]);
    const client = await WsClient.connect(node.url('ws'));
    const text = JSON.stringify({ call: 'client.bindUid', args: ['bob'] });
    client.send(text);
    await client.next();
    const long = JSON.stringify({ call: 'no'.repeat(500) });
    client.send(long);
    await client.next();
    await client.close();
    let part = first;
    const told: TraceEntry[] = [];
    while (!told.some(({ what }) => what === 'close')) {
      part = await ask({ ...query, after: part.next });
      told.push(...part.entries);
    }
    assert.deepEqual(
      told.map(({ what }) => what),
      ['here', 'uid', 'send', 'message', 'send', 'end', 'close'],
    );
    assert.equal(told.find(({ what }) => what === 'message')?.text, long);
    assert.equal((await ask({ ...query, after: part.next, stop: true })).ended?.by, 'stopped');
    assert.equal((await admin.bare('/api/trace', { method: 'POST', body: query })).status, 401);
  });

  it('says what is wrong with a question', async () => {
    assert.match(
      await refused({}),
      /^400 A trace is to have 0 of clientId, uid and group: expected one of them/,
    );
    assert.match(
      await refused({ uid: 'a', group: 'b' }),
      /^400 A trace is to have 2 of clientId, uid and group/,
    );
    assert.match(await refused({ clientId: 'x' }), /^400 clientId is "x": expected 20 hexadecimal digits/);
    for (const place of ['x', '0badcafe.1,-', '../..', '0badcafe.']) {
      assert.match(
        await refused({ uid: 'a', after: place }),
        /^400 .*expected next of the answer before, or nothing to begin/,
      );
    }
    const gone = await ask({ uid: 'a', after: '0badcafe.1' });
    assert.deepEqual([gone.next, gone.ended?.by], [null, 'unread']);
  });

  it('is shown by the command as it happens, as many entries as asked for', async () => {
    const client = await WsClient.connect(node.url('ws'));
    const say = async (): Promise<void> => {
      client.send(JSON.stringify({ call: 'describe' }));
      await client.next();
    };
    const command = node.command('trace', await idOf(client), '--count', '3');
    const done = { now: false };
    void command.finally(() => (done.now = true));
    while (!done.now) await say();
    const { status, out, errors } = await command;
    assert.equal(status, 0, errors);
    const [here, ...lines] = out.trimEnd().split('\n');
    assert.match(here, /^\d\d:\d\d:\d\d\.\d{3}  ·  here {15}ws from 127\.0\.0\.1:\d+; worker test-node:0$/);
    assert.equal(lines.length, 3);
    for (const line of lines) {
      assert.match(
        line,
        /  (?:→  message {6}19 B  \{"call":"describe"\}|←  send {8}\d{3} B  \{"result":\{"id":.*…)$/,
      );
    }
    assert.match(errors, /tracing 1 client; Ctrl-C ends it\n.*The trace was stopped\. 3 entries\.\n$/);
    await client.close();
    const misused = await node.command('trace');
    assert.deepEqual([misused.status, misused.out], [2, '']);
    assert.match(misused.errors, /trace takes one of CLIENT_ID, --uid UID and --group GROUP/);
    const elsewhere = await node.command('trace', '0a0000020b5500000001');
    assert.equal(elsewhere.status, 1);
    assert.match(
      elsewhere.errors,
      /is not at a gateway of this node, but at 10\.0\.0\.2:2901\. Ask that node/,
    );
  });
});

async function idOf(client: WsClient): Promise<string> {
  client.send(JSON.stringify({ call: 'describe' }));
  return (JSON.parse(String(await client.next())) as { result: { id: string } }).result.id;
}

it('a trace of a group of nodes has the clients of all of them, those of Socket.IO with the names of messages', {
  timeout: 60_000,
}, async (t) => {
  const node = await NodeProcess.start({
    events: 'socket-io',
    gateway: { listen: [{ url: 'ws://127.0.0.1:0', socketIo: true }] },
    register: { listen: '127.0.0.1:0' },
    nodes: 2,
  });
  const sockets: Socket[] = [];
  t.after(async () => {
    for (const socket of sockets) socket.disconnect();
    await node.stop();
  });
  // connections are handed out in turn
  while (sockets.length < 4) {
    const options = { transports: ['websocket'], auth: { uid: 'ann' } };
    sockets.push(await connectSocketIo(node.url('ws'), options));
  }
  const command = node.command('trace', '--uid', 'ann', '--json', '--count', '40');
  const done = { now: false };
  void command.finally(() => (done.now = true));
  while (!done.now) {
    for (const socket of sockets) await socket.emitWithAck('file', { name: 'a', bytes: Buffer.from('b') });
  }
  const { status, out, errors } = await command;
  assert.equal(status, 0, errors);
  const entries = out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as TraceEntry);
  const gateways = new Set(entries.map(({ clientId }) => clientId.slice(0, 12)));
  assert.equal(gateways.size, 2, 'clients of both nodes');
  const texts = new Set(entries.map(({ direction, text }) => `${direction} ${text}`));
  assert.ok(
    texts.has('out {"event":"file","data":{"name":"a","bytes":{"base64":"Yg=="}}}'),
    [...texts].join('\n'),
  );
  assert.ok(
    [...texts].some((text) => /^in \{"id":\d+,"event":"file","args":\[.*"base64":"Yg=="/.test(text)),
    [...texts].join('\n'),
  );
  assert.doesNotMatch(errors, /other nodes/, 'those of the group are no others');
  const [{ clientId }] = entries;
  const { ended } = await node.trace({ clientId: `${clientId.slice(0, 12)}00000000` });
  assert.equal(ended?.by, 'nobody');
  const one = await node.trace({ clientId });
  assert.equal(one.clients, 1);
  assert.match(String(one.next), /^(?:-,[0-9a-f]{8}\.\d+|[0-9a-f]{8}\.\d+,-)$/);
});
