import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { NodeProcess } from '../support/node.js';
import { WsClient } from '../support/ws-client.js';

describe('limits of a running node', () => {
  it('maxPackageSize: a larger message closes its client with 1009; others are not affected', async (t) => {
    const node = await NodeProcess.start({ events: 'echo', gateway: { maxPackageSize: 1000 } });
    t.after(() => node.stop());
    const [large, other] = [await WsClient.connect(node.url('ws')), await WsClient.connect(node.url('ws'))];
    large.send('x'.repeat(1000));
    assert.equal(await large.next(), 'x'.repeat(1000));
    large.send('x'.repeat(1001));
    assert.equal((await large.closed).code, 1009);
    other.send('still here');
    assert.equal(await other.next(), 'still here');
  });

  it('maxConnections: one more is refused with 503, and admitted once another has left', async (t) => {
    const node = await NodeProcess.start({ events: 'hold', gateway: { maxConnections: 2 } });
    t.after(() => node.stop());
    const [one, two] = [await WsClient.connect(node.url('ws')), await WsClient.connect(node.url('ws'))];
    const [idOfOne] = [await one.next(), await two.next()];
    await assert.rejects(WsClient.connect(node.url('ws')), /503/);
    await one.close();
    two.send(`fate ${String(idOfOne)}`);
    assert.equal(await two.next(), '["onClose"]');
    const three = await WsClient.connect(node.url('ws'));
    await three.close();
  });

  it('sendToGatewayBufferSize: a send above it returns false, one beyond twice of it throws; drained() is the way out', async (t) => {
    const node = await NodeProcess.start({ events: 'flood', worker: { sendToGatewayBufferSize: 64 * 1024 } });
    t.after(() => node.stop());
    const client = await WsClient.connect(node.url('ws'));
    await client.next();
    client.send('burst 1000 1000');
    const received: number[] = [];
    let message = String(await client.next());
    for (; !message.startsWith('{'); message = String(await client.next())) {
      assert.equal(message.length, 1000);
      received.push(Number.parseInt(message, 10));
    }
    const outcome = JSON.parse(message) as Record<string, number>;
    t.diagnostic(message);
    assert.ok(outcome.true > 0 && outcome.false > 0 && outcome.GW_OVERFLOW > 0, message);
    assert.equal(outcome.true + outcome.false + outcome.GW_OVERFLOW, 1000);
    assert.equal(
      received.length,
      outcome.true + outcome.false,
      'what was accepted arrived, and nothing else',
    );
    assert.deepEqual(
      received,
      received.toSorted((a, b) => a - b),
    );
  });

  it('the heartbeat pings a silent client, keeps one that answers, and drops one that does not', async (t) => {
    const node = await NodeProcess.start({
      events: 'echo',
      gateway: { pingInterval: 0.2, pingNotResponseLimit: 1 },
    });
    t.after(() => node.stop());
    const answering = await WsClient.connect(node.url('ws'));
    const silent = await WsClient.connect(node.url('ws'), { autoPong: false });
    assert.equal((await silent.closed).code, 1006);
    for (let n = 0; n < 3; n++) assert.equal((await answering.nextPing()).length, 0);
    answering.send('still here');
    assert.equal(await answering.next(), 'still here');
  });
});
