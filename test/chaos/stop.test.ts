import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ChaosBoard } from '../support/chaos-board.js';
import { ChaosNode } from '../support/chaos-node.js';
import { WsClient } from '../support/ws-client.js';

const CLIENTS = 50;

describe('a stop under congestion', () => {
  it('every onClose runs, though the ring is full of what clients sent', async () => {
    const board = ChaosBoard.create(0, 0);
    const chaos = await ChaosNode.start({
      events: 'takeover',
      gateway: { sendToWorkerBufferSize: 64 * 1024 },
      worker: { count: 1, stopTimeout: 10 },
    });
    const clients = await Promise.all(Array.from({ length: CLIENTS }, () => WsClient.connect(chaos.url)));
    clients[0].send('block');
    for (const client of clients) for (let n = 0; n < 100; n++) client.send(`${n} ${'x'.repeat(2000)}`);
    // the gateway has stopped reading: the ring is full, and events are held back
    while (chaos.node.status().workers[0].waitingBytes < 64 * 1024) {
      await new Promise((resolve) => void setImmediate(resolve));
    }
    const stopping = chaos.stop();
    const codes = clients.map(async ({ closed }) => (await closed).code);
    board.unblock();
    assert.deepEqual(new Set(await Promise.all(codes)), new Set([1001]));
    await stopping;
    assert.equal(board.closes, CLIENTS);
  });
});
