import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { NodeProcess, type NodeProcessOptions } from '../support/node.js';
import { WsClient } from '../support/ws-client.js';

const MEGABYTE = 1_000_000;
const MESSAGES = 8000;
const MESSAGE_BYTES = 64_000;
/** What the node may grow by while half a gigabyte is sent: its buffers, and garbage that is yet to be collected. */
const GROWTH = 128 * MEGABYTE;

/** A node, a client that stops reading, one that has it flooded, and one that has nothing to do with it; all of one worker. */
async function scene(gateway: NodeProcessOptions['gateway']) {
  const node = await NodeProcess.start({ events: 'flood', gateway });
  const clients: WsClient[] = [];
  const ids: string[] = [];
  for (let n = 0; n < 3; n++) {
    const client = await WsClient.connect(node.url('ws'));
    ids.push(String(await client.next()));
    clients.push(client);
  }
  const [flooder, bystander, victim] = clients;
  victim.socket.pause();
  return { node, flooder, bystander, victim, victimId: ids[2], before: node.residentBytes() };
}

/** Round trips of one client while something lasts: milliseconds, in order of length. */
async function roundTrips(client: WsClient, lasting: Promise<unknown>): Promise<number[]> {
  const times: number[] = [];
  const ended = lasting.then(() => 'ended');
  for (;;) {
    const start = performance.now();
    client.send('ping');
    assert.equal(await client.next(), 'ping');
    times.push(performance.now() - start);
    if ((await Promise.race([ended, Promise.resolve('going on')])) === 'ended')
      return times.toSorted((a, b) => a - b);
  }
}

describe('a client that stops reading while it is flooded', () => {
  it('is closed, memory stays bounded, and others are not slowed', async (t) => {
    const { node, flooder, bystander, victim, victimId, before } = await scene({});
    t.after(() => node.stop());
    flooder.send(`flood ${victimId} ${MESSAGES} ${MESSAGE_BYTES}`);
    const times = await roundTrips(bystander, flooder.next());
    const line = await node.logged('a client takes less');
    assert.ok((line.waiting as number) > 1_024_000);
    victim.socket.resume();
    assert.equal((await victim.closed).code, 1006);
    report(t, node, before, times);
  });

  it('with slowClient "drop" it stays and misses whole messages, and gets the next ones when it reads again', async (t) => {
    const { node, flooder, bystander, victim, victimId, before } = await scene({ slowClient: 'drop' });
    t.after(() => node.stop());
    flooder.send(`flood ${victimId} ${MESSAGES} ${MESSAGE_BYTES}`);
    const times = await roundTrips(bystander, flooder.next());
    victim.socket.resume();
    // it may be some time before its buffer has room again: the flooder asks until one gets through
    let last = -1;
    let received = 0;
    for (;;) {
      const message = await Promise.race([victim.next(), again()]);
      if (message === undefined) continue;
      if (message.length === 8) break;
      assert.equal(message.length, MESSAGE_BYTES);
      const n = Number.parseInt(String(message), 10);
      assert.ok(n > last, `${n} came after ${last}`);
      last = n;
      received++;
    }
    assert.ok(received > 0 && received < MESSAGES);
    t.diagnostic(`${received} of ${MESSAGES} messages got through`);
    report(t, node, before, times);

    async function again(): Promise<undefined> {
      flooder.send(`flood ${victimId} 1 8`);
      assert.equal(await flooder.next(), 'flooded');
    }
  });
});

function report(
  t: { diagnostic(text: string): void },
  node: NodeProcess,
  before: number,
  times: number[],
): void {
  const growth = node.peakResidentBytes() - before;
  const p99 = times[Math.floor(times.length * 0.99)];
  t.diagnostic(
    `grew by ${(growth / MEGABYTE).toFixed(0)} MB; bystander: ${times.length} round trips, p99 ${p99.toFixed(1)} ms`,
  );
  assert.ok(growth < GROWTH, `the process grew by ${growth} bytes`);
  assert.ok(p99 < 250, `99 % of round trips took up to ${p99} ms`);
}
