import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { portOf } from '#src/net/bind.js';
import { readInnerTls } from '#src/net/inner-socket.js';
import { Membership, type MembershipOptions } from '#src/register/membership.js';
import { fixture } from '../support/fixtures.js';
import { Inbox } from '../support/inbox.js';
import { broadcast, KeptLog, RegisterScene, SECRET_KEY, until } from '../support/register-scene.js';
import { ManualClock } from '#src/testing/manual-clock.js';
import { leaveConnectsUnanswered } from '../support/unanswered-connects.js';

const PING_INTERVAL = 20_000;
/** Longer than any delay before a new attempt. */
const LONGEST_DELAY = 10_000;
/** How long what a lost Register said goes on counting. */
const LINGER_TIME = 15_000;

/** One node: its membership, its time, its log, and the lists that its workers were given. */
class NodeScene {
  readonly clock = new ManualClock();
  readonly log = new KeptLog();
  readonly lists = new Inbox<readonly string[]>('a node');
  readonly membership: Membership;

  constructor(test: TestContext, registers: readonly string[], options: Partial<MembershipOptions> = {}) {
    this.membership = new Membership({
      registers,
      secretKey: SECRET_KEY,
      pingInterval: PING_INTERVAL,
      clock: this.clock,
      log: this.log.logger,
      ...options,
    });
    test.after(() => this.membership.close());
    this.membership.watch((addresses) => this.lists.put(addresses));
  }

  get states(): string[] {
    return this.membership.status().map(({ state }) => state);
  }

  async joined(): Promise<void> {
    await until(() => this.states.every((state) => state === 'joined'), 'the node had joined');
  }

  /** Waits until an attempt has come to its end. */
  async failed(attempts: number): Promise<void> {
    await until(() => {
      const [{ state, attempts: failed }] = this.membership.status();
      return state === 'waiting' && failed === attempts;
    }, `attempt ${attempts} had failed`);
  }
}

/** What stands where a Register should: it answers each worker_connect with `answer()`, or with nothing. */
async function standIn(
  test: TestContext,
  answer: () => string | undefined,
): Promise<{ address: string; lines: string[]; sockets: Socket[] }> {
  const [lines, sockets]: [string[], Socket[]] = [[], []];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      for (const line of chunk.toString().trimEnd().split('\n')) {
        lines.push(line);
        const text = line.includes('worker_connect') ? answer() : undefined;
        if (text !== undefined) socket.write(`${text}\n`);
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  test.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return { address: `127.0.0.1:${portOf(server)}`, lines, sockets };
}

describe('the membership of a node', () => {
  it('announces its gateway to every Register, and hears of those of others from any', async (test) => {
    const [one, two] = [await RegisterScene.open(test), await RegisterScene.open(test)];
    const registers = [one.server.address, two.server.address, one.server.address];
    const [a, b] = [new NodeScene(test, registers), new NodeScene(test, registers)];
    assert.equal(await a.membership.settled(1000), true);
    a.membership.announce('10.0.0.1:2900');
    for (const node of [a, b]) assert.deepEqual(await node.lists.next(), ['10.0.0.1:2900']);
    await until(
      () => two.server.gateways.length + one.server.gateways.length === 2,
      'both Registers knew it',
    );
    await one.gateway('10.0.0.9:2900');
    await two.gateway('10.0.0.3:2900');
    for (const node of [a, b]) {
      assert.equal((await node.lists.next()).length, 2);
      assert.deepEqual(await node.lists.next(), ['10.0.0.1:2900', '10.0.0.3:2900', '10.0.0.9:2900']);
    }
    assert.deepEqual(a.membership.status(), [
      { address: one.server.address, state: 'joined', attempts: 0 },
      { address: two.server.address, state: 'joined', attempts: 0 },
    ]);
    assert.equal(one.server.workers, 2, 'one connection for each node');
  });

  it('tells a late follower what is known', async (test) => {
    const scene = await RegisterScene.open(test);
    const node = new NodeScene(test, [scene.server.address]);
    node.membership.announce('10.0.0.1:2900');
    await node.lists.next();
    node.membership.watch((addresses) => node.lists.put(addresses));
    assert.deepEqual(await node.lists.next(), ['10.0.0.1:2900']);
  });

  it('takes its announcement back, and goes on following', async (test) => {
    const scene = await RegisterScene.open(test);
    const worker = await scene.worker();
    await worker.next();
    const node = new NodeScene(test, [scene.server.address]);
    node.membership.announce('10.0.0.1:2900');
    assert.equal(await worker.next(), broadcast('10.0.0.1:2900'));
    assert.deepEqual(await node.lists.next(), ['10.0.0.1:2900']);
    node.membership.withdraw();
    assert.deepEqual(await node.lists.next(), []);
    assert.equal(await worker.next(), broadcast());
    await node.joined();
    await scene.gateway('10.0.0.2:2900');
    assert.deepEqual(await node.lists.next(), ['10.0.0.2:2900']);
  });

  it('does not waver while the only Register starts again', async (test) => {
    const scene = await RegisterScene.open(test);
    const registers = [scene.server.address];
    const nodes = [1, 2, 3].map((number) => {
      const node = new NodeScene(test, registers);
      node.membership.announce(`10.0.0.${number}:2900`);
      return node;
    });
    await until(() => scene.server.gateways.length === 3, 'all were announced');
    const all = ['10.0.0.1:2900', '10.0.0.2:2900', '10.0.0.3:2900'];
    const [watcher, other, dies] = nodes;
    while ((await watcher.lists.next()).length < 3);
    await scene.server.close();
    for (const node of nodes) await until(() => node.states[0] === 'waiting', 'the loss was noticed');

    const again = await RegisterScene.open(test, { listen: scene.server.address });
    watcher.clock.advance(1000);
    await watcher.joined();
    other.clock.advance(1000);
    dies.membership.close();
    await until(() => again.server.gateways.length === 2, 'the other had found it as well');
    await again.gateway('10.0.0.4:2900');
    assert.deepEqual(await watcher.lists.next(), [...all, '10.0.0.4:2900'], 'nothing but a newcomer');
    watcher.clock.advance(14_999);
    assert.equal(watcher.lists.length, 0);
    watcher.clock.advance(1);
    assert.deepEqual(
      await watcher.lists.next(),
      ['10.0.0.1:2900', '10.0.0.2:2900', '10.0.0.4:2900'],
      'who did not come back is gone',
    );
  });

  it('keeps what a lost Register said last for a while, and drops at once what one that lives takes back', async (test) => {
    const [one, two] = [await RegisterScene.open(test), await RegisterScene.open(test)];
    const node = new NodeScene(test, [one.server.address, two.server.address]);
    await node.joined();
    await one.gateway('10.0.0.1:2900');
    assert.deepEqual(await node.lists.next(), ['10.0.0.1:2900']);
    const gateway = await two.gateway('10.0.0.2:2900');
    assert.deepEqual(await node.lists.next(), ['10.0.0.1:2900', '10.0.0.2:2900']);
    await one.server.close();
    await until(() => node.states[0] === 'waiting', 'the loss was noticed');
    await gateway.close();
    assert.deepEqual(await node.lists.next(), ['10.0.0.1:2900']);
    assert.equal(node.states[1], 'joined');
    node.clock.advance(LINGER_TIME - 1);
    assert.equal(node.lists.length, 0);
    node.clock.advance(1);
    assert.deepEqual(await node.lists.next(), [], 'its node has died with it');
  });

  it('forgets nothing while every Register is lost, however long that takes', async (test) => {
    const [one, two] = [await RegisterScene.open(test), await RegisterScene.open(test)];
    const node = new NodeScene(test, [one.server.address, two.server.address]);
    await node.joined();
    await one.gateway('10.0.0.1:2900');
    await node.lists.next();
    await two.gateway('10.0.0.2:2900');
    await node.lists.next();
    for (const { server } of [one, two]) await server.close();
    await until(() => node.states.every((state) => state === 'waiting'), 'the losses were noticed');
    node.clock.advance(10 * LINGER_TIME);
    assert.equal(node.lists.length, 0);

    const again = await RegisterScene.open(test, { listen: one.server.address });
    await again.gateway('10.0.0.1:2900');
    await until(() => again.server.gateways.length === 1, 'it knew the gateway');
    // the one that is back knows less than the two did: nobody is dropped before all have had the time to find it
    while (node.states[0] !== 'joined') {
      node.clock.advance(1000);
      await turn();
    }
    node.clock.advance(LINGER_TIME - 1);
    assert.equal(node.lists.length, 0);
    node.clock.advance(1);
    assert.deepEqual(await node.lists.next(), ['10.0.0.1:2900']);
  });

  it('settles when every Register has answered, or the time is over', async (test) => {
    const scene = await RegisterScene.open(test);
    const mute = await standIn(test, () => undefined);
    const node = new NodeScene(test, [scene.server.address, mute.address]);
    const settled = node.membership.settled(3000);
    await until(() => node.states[0] === 'joined', 'the first had answered');
    node.clock.advance(3000);
    assert.equal(await settled, false);
    const other = node.membership.settled(3000);
    mute.sockets[0].write(`${broadcast()}\n`);
    assert.equal(await other, true);
    assert.equal(await node.membership.settled(0), true);
    assert.equal(await new NodeScene(test, []).membership.settled(0), true);
  });

  it('leaves with its end, timers and all', async (test) => {
    const scene = await RegisterScene.open(test);
    const node = new NodeScene(test, [scene.server.address, '127.0.0.1:1']);
    node.membership.announce('10.0.0.1:2900');
    await node.lists.next();
    const settled = node.membership.settled(1000);
    node.membership.close();
    assert.equal(await settled, false);
    assert.deepEqual(node.states, ['closed', 'closed']);
    await until(() => scene.server.gateways.length === 0, 'the Register knew');
    assert.equal(node.clock.timers, 0);
  });

  it('goes over TLS, where each side has to be known to the other', async (test) => {
    const cert = fixture('test-only-cert.pem');
    const tls = readInnerTls({ cert, key: fixture('test-only-key.pem'), ca: cert });
    const scene = await RegisterScene.open(test, { tls });
    const node = new NodeScene(test, [scene.server.address], { tls });
    node.membership.announce('10.0.0.1:2900');
    assert.deepEqual(await node.lists.next(), ['10.0.0.1:2900']);

    const plain = new NodeScene(test, [scene.server.address]);
    await plain.failed(1);
    assert.match(plain.membership.status()[0].lastError ?? '', /only one of the two has cluster\.tls/);
  });
});

describe('a Register that fails', () => {
  it('is dialled after 1 s, later after 10 s, and its absence is logged once', async (test) => {
    const scene = await RegisterScene.open(test);
    const address = scene.server.address;
    await scene.server.close();
    const node = new NodeScene(test, [address]);
    await node.failed(1);
    let attempts = 1;
    for (const delay of [1000, 2000, 4000, 8000, 10_000, 10_000]) {
      // at most a quarter sooner, by chance
      node.clock.advance(delay * 0.75 - 1);
      assert.deepEqual(node.states, ['waiting'], `${delay} ms are not over`);
      node.clock.advance(delay * 0.25 + 1);
      await node.failed(++attempts);
    }
    const error = `The Register ${address} cannot be reached (ECONNREFUSED); it is dialled until it can.`;
    assert.deepEqual(node.membership.status(), [{ address, state: 'waiting', lastError: error, attempts }]);
    assert.deepEqual(node.log.warnings, [error]);

    await RegisterScene.open(test, { listen: address });
    node.clock.advance(LONGEST_DELAY);
    await node.joined();
    assert.deepEqual(node.membership.status(), [{ address, state: 'joined', attempts: 0 }]);
    assert.deepEqual(
      node.log.lines.map(({ msg }) => msg),
      [error, 'joined a Register'],
    );
  });

  it('has another secret key: said once, with the remedy', async (test) => {
    const scene = await RegisterScene.open(test);
    const node = new NodeScene(test, [scene.server.address], { secretKey: 'hunter2' });
    node.membership.announce('10.0.0.1:2900');
    for (let attempt = 1; attempt <= 5; attempt++) {
      await node.failed(attempt);
      node.clock.advance(LONGEST_DELAY);
    }
    assert.equal(node.log.warnings.length, 1);
    assert.match(node.log.warnings[0], /most likely its secret key is another one/);
    assert.ok(!/hunter2|s3cret/.test(node.log.warnings[0]));
    assert.ok((scene.server.refusals.get('wrong-key') ?? 0) >= 5);
  });

  it('never answers', async (test) => {
    const mute = await standIn(test, () => undefined);
    const node = new NodeScene(test, [mute.address]);
    await until(() => mute.lines.length === 1, 'it was asked');
    node.clock.advance(10_000);
    await node.failed(1);
    assert.deepEqual(node.log.warnings, [`The Register ${mute.address} has not answered within 10 s.`]);
  });

  it('never takes the connection', async (test) => {
    const attempts = leaveConnectsUnanswered(test);
    const node = new NodeScene(test, ['10.0.0.1:1236']);
    node.clock.advance(9999);
    await turn();
    assert.deepEqual(node.states, ['connecting']);
    node.clock.advance(1);
    await node.failed(1);
    assert.deepEqual(node.log.warnings, ['The Register 10.0.0.1:1236 has not answered within 10 s.']);
    node.clock.advance(LONGEST_DELAY);
    assert.deepEqual([node.states, attempts.length], [['connecting'], 2]);
    node.membership.close();
    assert.deepEqual([node.clock.timers, attempts.every(({ destroyed }) => destroyed)], [0, true]);
  });

  it('falls silent, though its connection stays open: a cut cable', async (test) => {
    let alive = true;
    const register = await standIn(test, () => (alive ? broadcast('10.0.0.2:2900') : undefined));
    const node = new NodeScene(test, [register.address]);
    await node.joined();
    for (let beat = 2; beat <= 5; beat++) {
      const answered = register.sockets[0].bytesWritten;
      node.clock.advance(PING_INTERVAL);
      await until(() => register.sockets[0].bytesWritten > answered, 'the ping was answered');
      // the next list takes a moment to arrive: one that has shows that all before have
      register.sockets[0].write(`${broadcast('10.0.0.2:2900', `10.0.0.3:${beat}`)}\n`);
      while (!(await node.lists.next()).includes(`10.0.0.3:${beat}`));
    }
    alive = false;
    node.clock.advance(2 * PING_INTERVAL);
    assert.deepEqual(node.states, ['joined']);
    node.clock.advance(PING_INTERVAL);
    await node.failed(1);
    assert.deepEqual(node.log.warnings, [`The Register ${register.address} has not answered for 40 s.`]);
    alive = true;
    node.clock.advance(1000);
    await node.joined();
  });

  it('is none', async (test) => {
    const answers = ['HTTP/1.1 400 Bad Request', '{"event":"ping"}', 'x'.repeat(1024 * 1024 + 1)];
    const server = await standIn(test, () => answers.shift() ?? broadcast());
    const node = new NodeScene(test, [server.address]);
    for (let attempt = 1; attempt <= 3; attempt++) {
      await node.failed(attempt);
      node.clock.advance(LONGEST_DELAY);
    }
    await node.joined();
    assert.equal(node.log.warnings.length, 3);
    assert.match(node.log.warnings[0], /the line is not JSON/);
    assert.match(node.log.warnings[1], /A Register said ping, expected broadcast_addresses/);
    assert.match(node.log.warnings[2], /longer than 1048576 bytes/);
  });

  it('closes each connection soon after its answer: logged once, and dialled ever more rarely', async (test) => {
    const server = await standIn(test, () => broadcast());
    const node = new NodeScene(test, [server.address]);
    for (let attempt = 1; attempt <= 5; attempt++) {
      await node.joined();
      server.sockets.at(-1)?.end();
      await until(() => node.states[0] === 'waiting', 'the end was noticed');
      assert.equal(node.membership.status()[0].attempts, attempt);
      node.clock.advance(LONGEST_DELAY);
    }
    assert.equal(node.log.lines.length, 2, 'joined, and closed');
  });
});
