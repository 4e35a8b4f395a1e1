import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { splitAddress } from '#src/net/inner-socket.js';
import { Command } from '#src/wire/command.js';
import { ChaosLoad } from '../support/chaos-load.js';
import { Cluster, SECRET_KEY, freeAddress } from '../support/cluster.js';
import { LIMIT } from '../support/inbox.js';
import { RawPeer } from '../support/raw-peer.js';

/** Milliseconds between two bytes of somebody who keeps a connection busy with nothing. */
const DRIP = 200;

/** What a stranger does on a connection, and as what it is counted. */
type Intrusion = readonly [what: string, kind: string, act: (peer: RawPeer) => void];

const ON_INNER_PORT: readonly Intrusion[] = [
  ['a worker with another key', 'secret key', (peer) => peer.introduce('intruder', 'guess')],
  ['a worker without a key', 'secret key', (peer) => peer.introduce('intruder', '')],
  ['a GatewayClient with another key', 'secret key', (peer) => peer.identify('guess')],
  [
    'a command before any key',
    'secret key',
    (peer) => peer.send({ command: Command.SEND_TO_ALL, body: 'spam' }),
  ],
  ['garbage', 'frame', (peer) => peer.write(Buffer.concat([Buffer.from([0xff]), randomBytes(5000)]))],
  ['HTTP', 'frame', (peer) => peer.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')],
  ['a frame shorter than its header', 'frame', (peer) => peer.write(Buffer.from([0, 0, 0, 27, 0, 0, 0, 0]))],
  ['a frame that is announced as 2 GB', 'frame', (peer) => peer.write(Buffer.from([0x7f, 0xff, 0xff, 0xff]))],
  [
    'much before any key',
    'frame',
    (peer) => peer.write(Buffer.concat([Buffer.from([0, 0x10, 0, 0]), Buffer.alloc(70_000)])),
  ],
];

const ON_REGISTER: readonly Intrusion[] = [
  [
    'a gateway with another key',
    'wrong-key',
    (peer) => peer.write('{"event":"gateway_connect","address":"10.6.6.6:1","secret_key":"guess"}\n'),
  ],
  ['a worker without a key', 'wrong-key', (peer) => peer.write('{"event":"worker_connect"}\n')],
  ['garbage', 'bad-line', (peer) => peer.write(Buffer.concat([randomBytes(500), Buffer.from('\n')]))],
  ['a line without an end', 'bad-line', (peer) => peer.write('x'.repeat(100_000))],
  ['a serialized object', 'bad-line', (peer) => peer.write('O:8:"stdClass":0:{}\n')],
];

describe('strangers at the inner port and the Register of a running node', { timeout: 120_000 }, () => {
  it('are closed, counted by kind, and logged with their address; clients notice nothing', async (t) => {
    const listen = await freeAddress();
    const cluster = new Cluster([listen]);
    t.after(() => cluster.stop());
    const node = await cluster.add({
      name: 'a',
      events: 'chaos',
      worker: { stopTimeout: 20 },
      register: { listen },
    });
    await cluster.add({ name: 'b', events: 'chaos' });
    await cluster.whole();
    const load = await ChaosLoad.open(t, { url: node.url('ws'), clients: 50, rate: 20, exact: true });
    const gateways = (await cluster.node('b').status()).cluster.gateways;
    const inner = gateways[0].address;
    load.start();

    // these take 10 s to be found out: the rest goes on beside them
    const slow = await Promise.all([inner, listen].map(connect));
    // a frame that would be in order, and a line, a byte at a time
    slow[0].write(Buffer.from([0, 0, 1, 0]));
    const drip = setInterval(() => {
      for (const peer of slow) peer.write(' ');
    }, DRIP);
    t.after(() => clearInterval(drip));
    const expected: Record<string, number> = { 'no introduction': 1, 'introduction-timeout': 1 };
    for (const [address, intrusions] of [
      [inner, ON_INNER_PORT],
      [listen, ON_REGISTER],
    ] as const) {
      for (const [what, kind, act] of intrusions) {
        const peer = await connect(address);
        act(peer);
        await closed(peer, what);
        expected[kind] = (expected[kind] ?? 0) + 1;
      }
    }
    // one who knows the key: the frame costs only itself, and what is behind it is read
    const known = await connect(inner);
    known.identify(SECRET_KEY);
    known.send({ command: Command.SEND_TO_ALL, flags: 0, body: 'O:8:"stdClass":1:{s:1:"a";i:1;}' });
    known.write(Buffer.from([0, 0, 0, 27, 0, 0, 0, 0]));
    await closed(known, 'a frame shorter than its header from one who knows the key');
    expected.command = 1;
    expected.frame++;
    await Promise.all(slow.map((peer) => closed(peer, 'a slow one')));
    await load.stop();

    const { cluster: seen } = await node.until(
      'every refusal',
      ({ cluster: { refusals } }) => Object.keys(refusals).length === Object.keys(expected).length,
    );
    assert.deepEqual({ ...seen.refusals }, expected);
    load.checkFaultless(50 * 20 * 5);
    await cluster.whole();
    const warnings = node.log.filter(({ level }) => level > 30);
    for (const { remoteAddress, msg } of warnings)
      assert.match(String(remoteAddress), /^127\.0\.0\.1(:\d+)?$/, msg);
    assert.ok(warnings.length >= Object.keys(expected).length, `${warnings.length} warnings`);
  });
});

async function connect(address: string): Promise<RawPeer> {
  const { host, port } = splitAddress(address);
  return await RawPeer.connect(port, host);
}

async function closed(peer: RawPeer, what: string): Promise<void> {
  const late = sleep(LIMIT, true, { ref: false });
  assert.notEqual(await Promise.race([peer.closed, late]), true, `${what} was not closed`);
}
