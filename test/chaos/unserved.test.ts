import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { GatewayScene, turn } from '../support/gateway-scene.js';

const LIMIT = 10_000;

describe('a gateway whose workers are all gone', () => {
  it('admits clients for 10 s, turns them away after that, and admits them again when there is a worker', async (t) => {
    const scene = await GatewayScene.create(t);
    const { gateway, clock } = scene;
    const worker = scene.addWorker();
    const { transport } = scene.join();
    assert.equal(gateway.clients.admits(), 'welcome');
    clock.advance(3 * LIMIT);
    assert.equal(gateway.clients.admits(), 'welcome');

    worker.link.destroy();
    await turn();
    assert.equal(gateway.clients.admits(), 'welcome');
    clock.advance(LIMIT);
    assert.equal(gateway.clients.admits(), 'welcome');
    clock.advance(1);
    assert.equal(gateway.clients.admits(), 'unavailable');
    assert.equal(gateway.counters.refusedConnections, 1);
    assert.equal(transport.ending, undefined, 'who is here stays');

    scene.addWorker();
    assert.equal(gateway.clients.admits(), 'welcome');
    clock.advance(3 * LIMIT);
    assert.equal(gateway.clients.admits(), 'welcome');
  });

  it('does not count a time without workers that is over, though nobody came to see it end', async (t) => {
    const scene = await GatewayScene.create(t);
    const { gateway, clock } = scene;
    assert.equal(gateway.clients.admits(), 'welcome');
    const worker = scene.addWorker();
    clock.advance(3 * LIMIT);
    worker.link.destroy();
    await turn();
    assert.equal(gateway.clients.admits(), 'welcome');
  });
});
