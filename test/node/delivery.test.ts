import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { it } from 'node:test';
import { NodeProcess } from '../support/node.js';
import { WsClient } from '../support/ws-client.js';

const CLIENTS = 200;
const PER_SECOND = 50;
const SECONDS = 3;
const MEBIBYTE = 1024 * 1024;

it(`${CLIENTS} clients × ${PER_SECOND} messages a second through an async handler: none lost, doubled or reordered`, async (t) => {
  const node = await NodeProcess.start({ events: 'echo', worker: { count: 2 } });
  t.after(() => node.stop());
  const clients = await Promise.all(Array.from({ length: CLIENTS }, () => WsClient.connect(node.url('ws'))));

  const total = PER_SECOND * SECONDS;
  const sentAt: number[] = [];
  await new Promise<void>((resolve) => {
    let next = 0;
    const pace = setInterval(() => {
      // a late timer is made up for
      const due = Math.min(total, Math.ceil((performance.now() - start) / (1000 / PER_SECOND)));
      for (; next < due; next++) {
        sentAt[next] = performance.now();
        for (const client of clients) client.send(`${next}`);
      }
      if (next < total) return;
      clearInterval(pace);
      resolve();
    }, 5);
    const start = performance.now();
  });
  for (const client of clients) client.send('end');
  for (const client of clients) {
    for (let n = 0; n < total; n++) assert.equal(await client.next(), `${n}`);
    assert.equal(await client.next(), 'end');
    assert.equal(client.waiting, 0);
  }
  const seconds = (performance.now() - sentAt[0]) / 1000;
  t.diagnostic(`${CLIENTS * total} messages in ${seconds.toFixed(2)} s`);
});

it('9 MB pass both ways through rings of 1 MiB', async (t) => {
  const node = await NodeProcess.start({
    events: 'echo',
    gateway: { sendToWorkerBufferSize: MEBIBYTE, sendToClientBufferSize: 10 * MEBIBYTE },
    // rings are 1 MiB at the most; this is what may wait for room in one: the answers of three clients at once
    worker: { sendToGatewayBufferSize: 32 * MEBIBYTE },
  });
  t.after(() => node.stop());
  const clients = await Promise.all(Array.from({ length: 3 }, () => WsClient.connect(node.url('ws'))));
  const bytes = randomBytes(9_000_000);
  const text = bytes.toString('hex', 0, bytes.length / 2);
  const start = performance.now();
  for (const client of clients) {
    client.send(bytes);
    client.send('between');
    client.send(text);
  }
  for (const client of clients) {
    // asserted as booleans: nobody wants to see the difference of two that long
    assert.ok(bytes.equals((await client.next()) as Buffer), 'the bytes came back');
    assert.equal(await client.next(), 'between');
    assert.ok((await client.next()) === text, 'the text came back');
  }
  t.diagnostic(`6 × 9 MB there and back in ${Math.round(performance.now() - start)} ms`);
});
