import assert from 'node:assert/strict';
import { it, type TestContext } from 'node:test';
import type { ClientRecord } from '#src/gateway/client-record.js';
import { ClientTraces } from '#src/node/client-traces.js';
import type { TracePart, TraceQuery } from '#src/ops/requests/trace.js';
import { Command } from '#src/wire/command.js';
import { GatewayScene, turn } from '../support/gateway-scene.js';

const QUERY: TraceQuery = { clientId: '', uid: '', group: '', payload: false, after: '', stop: false };
const OTHERS = [
  { address: '10.0.0.2:2901', node: 'node-b', legacy: false },
  { address: '10.0.0.3:2900', node: '', legacy: true },
];

/** A gateway, and who asks for traces of its clients. */
async function open(
  t: TestContext,
): Promise<{ scene: GatewayScene; ask: (query: Partial<TraceQuery>) => TracePart; watched: () => boolean }> {
  const scene = await GatewayScene.create(t);
  const traces = new ClientTraces(scene.gateway, () => OTHERS);
  return {
    scene,
    ask: (query) => traces.answer({ ...QUERY, ...query }),
    watched: () => scene.gateway.directory.watcher !== undefined,
  };
}

function clientOf({ gateway }: GatewayScene, id: number): ClientRecord {
  return gateway.directory.get(id) as ClientRecord;
}

function lines({ entries }: TracePart): string[] {
  return entries.map(({ what, text }) => `${what} ${text}`);
}

it('a trace that nobody asks for ends after 30 seconds, and the gateway is watched no more', async (t) => {
  const { scene, ask, watched } = await open(t);
  assert.equal(watched(), false);
  const { timers } = scene.clock;
  const { next } = ask({ uid: 'ann' });
  assert.equal(watched(), true);
  scene.clock.advance(29_999);
  const again = ask({ uid: 'ann', after: String(next) });
  assert.equal(again.ended, null);
  scene.clock.advance(29_999);
  assert.equal(watched(), true);
  scene.clock.advance(1);
  assert.equal(watched(), false);
  assert.equal(scene.clock.timers, timers);
  const late = ask({ uid: 'ann', after: String(again.next) });
  assert.deepEqual([late.next, late.ended?.by], [null, 'unread']);
});

it('no more than 8 traces run at once, and one that is stopped makes room', async (t) => {
  const { ask, watched } = await open(t);
  const parts = Array.from({ length: 8 }, () => ask({ group: 'room' }));
  const refused = ask({ group: 'room' });
  assert.deepEqual([refused.next, refused.ended?.by], [null, 'full']);
  assert.equal(ask({ group: 'room', after: String(parts[3].next), stop: true }).ended?.by, 'stopped');
  const last = ask({ group: 'room' });
  for (const { next } of [...parts, last]) ask({ group: 'room', after: String(next), stop: true });
  assert.equal(watched(), false);
});

it('the oldest of too many entries are dropped, which is said; the others come in parts', async (t) => {
  const { scene, ask } = await open(t);
  scene.addWorker(100_000_000);
  const { transport, id } = scene.join();
  const clientId = scene.gateway.clientIdOf(clientOf(scene, id));
  let part = ask({ clientId });
  for (let number = 0; number < 5000; number++) scene.say(transport, String(number));
  const heard: string[] = [];
  let dropped = 0;
  do {
    part = ask({ clientId, after: String(part.next) });
    heard.push(...lines(part).filter((line) => line.startsWith('message')));
    dropped += part.dropped;
  } while (part.entries.length > 0);
  assert.ok(dropped >= 1000, `${dropped}`);
  assert.equal(heard.at(-1), 'message 4999');
  const [first] = heard;
  assert.deepEqual(
    heard,
    Array.from({ length: heard.length }, (_, index) => `message ${Number(first.split(' ')[1]) + index}`),
  );
});

it('large messages are cut, whole with payload, and never more than a trace may hold', async (t) => {
  const { scene, ask } = await open(t);
  scene.addWorker(100_000_000);
  const { transport, id } = scene.join();
  const clientId = scene.gateway.clientIdOf(clientOf(scene, id));
  const [short, whole] = [ask({ clientId }), ask({ clientId, payload: true })];
  for (let number = 0; number < 40; number++) scene.say(transport, 'é'.repeat(100_000));
  const [cut] = ask({ clientId, after: String(short.next) }).entries;
  assert.deepEqual([cut.text, cut.size, cut.cut], ['é'.repeat(80), 200_000, true]);
  const first = ask({ clientId, payload: true, after: String(whole.next) });
  assert.ok(first.entries.length < 20 && first.dropped === 0, `${first.entries.length}`);
  assert.deepEqual([first.entries[0].text.length, first.entries[0].cut], [100_000, undefined]);
  for (let number = 0; number < 60; number++) scene.say(transport, 'é'.repeat(100_000));
  assert.ok(ask({ clientId, payload: true, after: String(first.next) }).dropped > 0);
});

it('says that a client is not read for now and why, and when it is again', async (t) => {
  const { scene, ask } = await open(t);
  const worker = scene.addWorker();
  const { transport, id } = scene.join();
  await turn();
  scene.say(transport, 'hi');
  const clientId = scene.gateway.clientIdOf(clientOf(scene, id));
  const { next } = ask({ clientId });
  worker.send({ command: Command.PAUSE_CLIENT, connectionId: id });
  await turn();
  worker.send({ command: Command.RESUME_CLIENT, connectionId: id });
  await turn();
  assert.deepEqual(lines(ask({ clientId, after: String(next) })), [
    'pause memory a has enough of its events for now',
    'resume is read again',
  ]);
});

it('says where a client is that is not here', async (t) => {
  const { ask, watched } = await open(t);
  const endOf = (clientId: string): string => {
    const { next, ended } = ask({ clientId });
    assert.equal(next, null);
    return `${ended?.by}: ${ended?.message}`;
  };
  assert.match(endOf('7f0000010b5400000001'), /^nobody: The client 7f0000010b5400000001 is not here/);
  assert.match(
    endOf('0a0000020b5500000001'),
    /^elsewhere: .* at 10\.0\.0\.2:2901\. Ask the node node-b: gatewayworker trace 0a0000020b5500000001 where it runs\.$/,
  );
  assert.match(
    endOf('0a0000030b5400000001'),
    /^elsewhere: .* at 10\.0\.0\.3:2900, which is PHP's: that has no trace\.$/,
  );
  assert.match(endOf('0a0000090b5400000001'), /^elsewhere: .* at 10\.0\.0\.9:2900\. Ask that node: /);
  assert.equal(watched(), false);
  const { others, clients } = ask({ uid: 'ann' });
  assert.deepEqual([others, clients], [OTHERS, 0]);
});
