import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { UserConfig } from '#src/config/user-config.js';
import { samplesIn } from '../support/documents.js';
import { fixture } from '../support/fixtures.js';
import { NodeProcess } from '../support/node.js';
import { TextClient } from '../support/text-client.js';
import { WsClient } from '../support/ws-client.js';

/** The configuration of docs/limits.md, with a certificate of the tests and ports that are free. */
function documented(): UserConfig['gateway'] {
  const [sample, ...others] = samplesIn('jsonc').filter(({ document }) => document === 'docs/limits.md');
  assert.equal(others.length, 0);
  const code = sample.code
    .replace('"chat.pem"', JSON.stringify(fixture('test-only-cert.pem')))
    .replace('"chat.key"', JSON.stringify(fixture('test-only-key.pem')))
    .replaceAll(/0\.0\.0\.0:443|127\.0\.0\.1:8283/g, '127.0.0.1:0');
  return (JSON.parse(code) as UserConfig).gateway;
}

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

  it('those of docs/limits.md: a client, and an address, that take more are held up or refused, and are counted', async (t) => {
    const node = await NodeProcess.start({ events: 'echo', gateway: documented() });
    t.after(() => node.stop());
    const options = { rejectUnauthorized: false };
    const client = await WsClient.connect(node.url('wss'), options);
    const messages = Array.from({ length: 65 }, (_, n) => `${n}`);
    for (const message of messages) client.send(message);
    for (const message of messages) assert.equal(await client.next(), message);
    const handshakes = Array.from({ length: 40 }, () => WsClient.connect(node.url('wss'), options));
    const refused = (await Promise.allSettled(handshakes)).filter(({ status }) => status === 'rejected');
    assert.ok(refused.length > 0);
    for (const { reason } of refused as PromiseRejectedResult[]) assert.match(String(reason), /429/);
    const line = await TextClient.connect(node.url('text'));
    line.socket.write('x\n'.repeat(1200));
    await line.closed;
    const { refusals } = (await node.status()).counters;
    assert.deepEqual(Object.keys(refusals).toSorted(), [
      'new connections per address',
      'rate close',
      'rate pause',
    ]);
    assert.equal(refusals['new connections per address'], refused.length);
  });
});
