import assert from 'node:assert/strict';
import { Socket } from 'node:dgram';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { type TestContext, describe, test } from 'node:test';
import { FakeTransport } from '../support/fake-transport.js';
import { GatewayScene, turn } from '../support/gateway-scene.js';

const TIMEOUT = 2000;

/** A test with a bound: what these wait for either comes at once or never. */
function it(name: string, run: (t: TestContext) => Promise<void>): void {
  test(name, { timeout: 10_000 }, run);
}

/** A client whose connection ends when it is asked to. */
class ObedientTransport extends FakeTransport {
  readonly #scene: GatewayScene;

  constructor(scene: GatewayScene) {
    super();
    this.#scene = scene;
  }

  override close(): void {
    super.close();
    setImmediate(() => this.#scene.gateway.clients.closed(this));
  }
}

/** Whether a promise has settled once everything that was under way has been done. */
async function isDone(promise: Promise<unknown>): Promise<boolean> {
  let done = false;
  void promise.then(() => (done = true));
  for (let turns = 0; turns < 5; turns++) await turn();
  return done;
}

describe('a gateway that is closed', () => {
  for (const clients of [0, 3]) {
    it(`with ${clients} clients is so without the clock moving, and keeps no timer`, async (t) => {
      const scene = await GatewayScene.create(t, { pingInterval: 10 });
      const worker = scene.addWorker();
      for (let n = 0; n < clients; n++) scene.join(new ObedientTransport(scene));
      await scene.gateway.close(TIMEOUT);
      await worker.until('the ends of all', () => worker.events.length === 2 * clients);
      assert.deepEqual([scene.clock.now(), scene.clock.timers], [0, 0]);
    });
  }

  it('waits for its clients, and at last ends those that do not end', async (t) => {
    const scene = await GatewayScene.create(t);
    scene.addWorker();
    const { transport } = scene.join();
    const closed = scene.gateway.close(TIMEOUT);
    scene.clock.advance(TIMEOUT - 1);
    assert.equal(await isDone(closed), false);
    assert.equal(transport.ending, 'closed');
    scene.clock.advance(1);
    scene.gateway.clients.closed(transport);
    await closed;
    assert.equal(scene.clock.timers, 0);
  });

  it('says so first, and lets clients in for drainDelay', async (t) => {
    const scene = await GatewayScene.create(t, { drainDelay: 15 });
    scene.addWorker();
    const announced = scene.gateway.announceEnd();
    assert.deepEqual([scene.gateway.clients.health, scene.gateway.clients.admits()], ['stopping', 'welcome']);
    scene.clock.advance(14_999);
    assert.equal(await isDone(announced), false);
    scene.clock.advance(1);
    await announced;
    const closed = scene.gateway.close(TIMEOUT);
    assert.equal(scene.gateway.clients.admits(), 'full');
    await closed;
  });

  it('spreads its closes over drainTime', async (t) => {
    const scene = await GatewayScene.create(t, { drainTime: 10 });
    scene.addWorker();
    const transports = Array.from({ length: 1000 }, () => new ObedientTransport(scene));
    for (const transport of transports) scene.join(transport);
    const closed = scene.gateway.close(TIMEOUT);
    const ended = (): number => transports.filter(({ ending }) => ending !== undefined).length;
    for (let second = 1; second <= 10; second++) {
      for (let step = 0; step < 20; step++) {
        scene.clock.advance(50);
        await turn();
      }
      assert.ok(Math.abs(ended() - second * 100) <= 5, `${ended()} are closed after ${second} s`);
    }
    await closed;
    assert.equal(scene.clock.timers, 0);
  });

  it('waits until events that it holds are with a worker, and no longer', async (t) => {
    const scene = await GatewayScene.create(t);
    scene.join(new ObedientTransport(scene));
    const closed = scene.gateway.close(TIMEOUT);
    assert.equal(await isDone(closed), false);
    const worker = scene.addWorker();
    await closed;
    await worker.until('both events', () => worker.events.length === 2);
    assert.deepEqual([scene.clock.now(), scene.clock.timers], [0, 0]);
  });

  it('gives up events that no worker takes when the time is over', async (t) => {
    const scene = await GatewayScene.create(t);
    scene.join(new ObedientTransport(scene));
    const closed = scene.gateway.close(TIMEOUT);
    scene.clock.advance(TIMEOUT - 1);
    assert.equal(await isDone(closed), false);
    scene.clock.advance(1);
    await closed;
  });

  it('closes its ports last: until then the health check says that it is stopping', async (t) => {
    const scene = await GatewayScene.create(t, { listen: [{ url: 'ws://127.0.0.1:0' }] });
    const { port } = new URL(scene.gateway.listeners[0]);
    const { transport } = scene.join();
    scene.addWorker();
    const closed = scene.gateway.close(TIMEOUT);
    await turn();
    assert.match(await health(Number(port)), /^HTTP\/1\.1 503 /);
    scene.gateway.clients.closed(transport);
    await closed;
    await assert.rejects(health(Number(port)), { code: 'ECONNREFUSED' });
    assert.equal(scene.clock.now(), 0);
  });

  it('is closed when its ports are: one for udp, when its last datagram is out', async (t) => {
    const scene = await GatewayScene.create(t, { listen: [{ url: 'udp://127.0.0.1:0' }] });
    const order: string[] = [];
    // oxlint-disable-next-line typescript/unbound-method -- it is called with the socket
    const original = Socket.prototype.close;
    t.mock.method(Socket.prototype, 'close', function (this: Socket) {
      void isDone(closed).then(() => {
        order.push('port closed');
        original.call(this);
      });
      return this;
    });
    const closed = scene.gateway.close(TIMEOUT).then(() => order.push('closed'));
    await closed;
    assert.deepEqual(order, ['port closed', 'closed']);
  });
});

/** What GET /healthz answers. */
async function health(port: number): Promise<string> {
  return await text(
    connect(port, '127.0.0.1').end('GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'),
  );
}
