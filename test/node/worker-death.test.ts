import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ERROR_LEVEL, NodeProcess, type NodeProcessOptions } from '../support/node.js';
import { WsClient } from '../support/ws-client.js';

interface Scene {
  readonly node: NodeProcess;
  readonly ann: WsClient;
  readonly bob: WsClient;
}

async function scene(gateway: NodeProcessOptions['gateway'] = {}): Promise<Scene> {
  const node = await NodeProcess.start({ events: 'crash', gateway });
  const ann = await WsClient.connect(node.url('ws'));
  const bob = await WsClient.connect(node.url('ws'));
  return { node, ann, bob };
}

function deaths({ log }: NodeProcess): string[] {
  return log.filter(({ msg }) => msg.startsWith('worker 0 died')).map(({ msg }) => msg);
}

describe('a worker thread that dies is replaced', () => {
  it('process.exit() in a handler: what waited is handled in order, sessions are kept, and only the one message is lost', async (t) => {
    const { node, ann, bob } = await scene();
    t.after(() => node.stop());
    for (let n = 0; n < 100; n++) ann.send('count');
    ann.send('exit');
    for (let n = 0; n < 100; n++) {
      ann.send('count');
      bob.send(`${n}`);
    }
    for (let n = 1; n <= 200; n++) assert.equal(await ann.next(), `${n}`);
    for (let n = 0; n < 100; n++) assert.equal(await bob.next(), `${n}`);
    assert.equal(deaths(node).length, 1);
  });

  for (const [word, reason] of [
    ['throw', 'thrown in a timer'],
    ['reject', 'rejected by nobody'],
  ]) {
    it(`an error that nobody catches (${word}): it is logged with its stack, and clients stay connected`, async (t) => {
      const { node, ann, bob } = await scene();
      t.after(() => node.stop());
      ann.send(word);
      await ann.next();
      const line = await node.logged('worker 0 died');
      assert.equal(line.level, ERROR_LEVEL);
      assert.equal(line.worker, 0);
      assert.match(line.msg, new RegExp(reason));
      assert.match((line.err as { stack: string }).stack, /crash\/index\.ts:\d+/);
      for (const client of [ann, bob]) {
        client.send('still here');
        assert.equal(await client.next(), 'still');
      }
    });
  }

  it('again and again', async (t) => {
    const { node, ann, bob } = await scene();
    t.after(() => node.stop());
    for (let n = 1; n <= 5; n++) {
      ann.send('count');
      bob.send('exit');
      assert.equal(await ann.next(), `${n}`);
      await node.logged('worker 0 died');
    }
    ann.send('count');
    assert.equal(await ann.next(), '6');
  });

  it('events that waited behind a pending handler are handled by the replacement, and a client that was paused is read again', async (t) => {
    const { node, ann, bob } = await scene({ sendToWorkerBufferSize: 64 * 1024 });
    t.after(() => node.stop());
    ann.send('hold');
    for (let n = 0; n < 1000; n++) ann.send(`${n} ${'x'.repeat(1000)}`);
    for (let n = 0; n < 2000; n++) bob.send(`${n} ${'x'.repeat(1000)}`);
    for (let n = 0; n < 2000; n++) assert.equal(await bob.next(), `${n}`);
    bob.send('exit');
    for (let n = 0; n < 1000; n++) assert.equal(await ann.next(), `${n}`);
    ann.send('after');
    assert.equal(await ann.next(), 'after');
  });

  it('messages larger than the ring wait for the replacement too', async (t) => {
    const { node, ann, bob } = await scene({ sendToWorkerBufferSize: 64 * 1024 });
    t.after(() => node.stop());
    ann.send('exit');
    for (let n = 0; n < 5; n++) {
      ann.send(`${n} ${'x'.repeat(300_000)}`);
      bob.send(`${n} ${'x'.repeat(30_000)}`);
    }
    for (const client of [ann, bob]) {
      for (let n = 0; n < 5; n++) assert.equal(await client.next(), `${n}`);
    }
  });
});

it('a handler that throws is logged with client and event in the lines of the user’s file, and the worker lives on', async (t) => {
  const { node, ann } = await scene();
  t.after(() => node.stop());
  ann.send('fail');
  ann.send('after');
  assert.equal(await ann.next(), 'after');
  const line = await node.logged('onMessage failed: failed in a handler');
  assert.equal(line.level, ERROR_LEVEL);
  assert.equal(line.event, 'onMessage');
  assert.match(String(line.client), /^[0-9a-f]{20}$/);
  assert.match((line.err as { stack: string }).stack, /crash\/index\.ts:\d+/);
  assert.deepEqual(deaths(node), []);
});
