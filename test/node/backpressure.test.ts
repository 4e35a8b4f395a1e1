import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { configFolder } from '../support/config-folder.js';
import { ERROR_LEVEL, NodeProcess } from '../support/node.js';
import { WsClient } from '../support/ws-client.js';

/** The smallest ring that there is: everything here flows past it many times. */
const RING_BYTES = 64 * 1024;
const MEGABYTE = 1_000_000;

async function startNode(): Promise<NodeProcess> {
  return await NodeProcess.start({ events: 'hold', gateway: { sendToWorkerBufferSize: RING_BYTES } });
}

/** A client of the event app, and its id. */
async function connect(node: NodeProcess): Promise<{ client: WsClient; id: string }> {
  const client = await WsClient.connect(node.url('ws'));
  return { client, id: String(await client.next()) };
}

describe('a worker that is behind', () => {
  it('a full event ring while every handler awaits a query: all queries are answered', async (t) => {
    const node = await startNode();
    t.after(() => node.stop());
    const clients = await Promise.all(Array.from({ length: 50 }, () => connect(node)));
    const each = 200;
    const padding = 'x'.repeat(1000);
    for (const { client } of clients) {
      for (let n = 0; n < each; n++) client.send(`query ${padding}`);
    }
    for (const { client } of clients) {
      for (let n = 0; n < each; n++) assert.equal(await client.next(), '50');
    }
  });

  it('answers to everybody that are many times the buffer: events wait, and no send is refused', async (t) => {
    const folder = await configFolder(t, {
      'index.ts': [
        "import { defineEvents } from 'gatewayworker';",
        'export default defineEvents({ onMessage(client, message) { client.send(message); } });',
      ].join('\n'),
    });
    const node = await NodeProcess.start({ events: folder, worker: { sendToGatewayBufferSize: RING_BYTES } });
    t.after(() => node.stop());
    const clients = await Promise.all(Array.from({ length: 20 }, () => WsClient.connect(node.url('ws'))));
    const each = 5000;
    const padding = 'x'.repeat(200);
    for (const client of clients) for (let n = 0; n < each; n++) client.send(`${n} ${padding}`);
    for (const client of clients) {
      for (let n = 0; n < each; n++) assert.equal(await client.next(), `${n} ${padding}`);
    }
    assert.deepEqual(
      node.log.filter(({ level }) => level >= ERROR_LEVEL),
      [],
    );
  });

  it('a handler that never ends holds up only its own client, and that one’s memory is bounded', async (t) => {
    const node = await startNode();
    t.after(() => node.stop());
    const { client: held } = await connect(node);
    held.send('hold');
    const before = node.residentBytes();
    const flood = 60 * MEGABYTE;
    const size = 60_000;
    for (let sent = 0; sent < flood; sent += size) held.send(`waiting ${'x'.repeat(size)}`);

    // 16 MB of others flow past what waits
    const others = await Promise.all(Array.from({ length: 4 }, () => connect(node)));
    for (const { client } of others) {
      for (let n = 0; n < 4000; n++) client.send(`${n} ${'x'.repeat(1000)}`);
    }
    for (const { client } of others) {
      for (let n = 0; n < 4000; n++) assert.equal(await client.next(), `${n}`);
    }
    assert.ok(held.socket.bufferedAmount > flood / 2, 'the flooding client is not read any more');
    assert.equal(held.waiting, 0);
    const growth = node.peakResidentBytes() - before;
    t.diagnostic(
      `grew by ${(growth / MEGABYTE).toFixed(0)} MB; ${held.socket.bufferedAmount} bytes held back in the client`,
    );
    assert.ok(growth < 100 * MEGABYTE, `the process grew by ${growth} bytes`);
    held.socket.terminate();
  });

  it('what waited behind a handler is handled in order once it ends, however much it was', async (t) => {
    const node = await startNode();
    t.after(() => node.stop());
    const { client: held } = await connect(node);
    const { client: other } = await connect(node);
    held.send('hold');
    for (let n = 0; n < 5000; n++) held.send(`${n} ${'x'.repeat(4000)}`);
    for (let n = 0; n < 2000; n++) other.send(`${n} ${'x'.repeat(1000)}`);
    for (let n = 0; n < 2000; n++) assert.equal(await other.next(), `${n}`);
    other.send('release');
    for (let n = 0; n < 5000; n++) assert.equal(await held.next(), `${n}`);
  });

  it('a client that its worker closes while its events wait: they are dropped, in the gateway too, and onClose comes', async (t) => {
    const node = await startNode();
    t.after(() => node.stop());
    const { client: held, id } = await connect(node);
    const { client: other } = await connect(node);
    held.send('hold');
    // more than the worker sets aside before it has the client paused, and little enough to be read by then
    for (let n = 0; n < 400; n++) held.send(`${n} ${'x'.repeat(1000)}`);
    for (let n = 0; n < 2000; n++) other.send(`${n} ${'x'.repeat(1000)}`);
    for (let n = 0; n < 2000; n++) assert.equal(await other.next(), `${n}`);
    other.send(`close ${id}`);
    assert.equal((await held.closed).code, 1000);
    other.send('release');
    other.send(`fate ${id}`);
    const fate = JSON.parse(String(await other.next())) as string[];
    assert.deepEqual(fate, ['hold', 'onClose']);
  });
});
