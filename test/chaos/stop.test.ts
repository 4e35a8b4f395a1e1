import assert from 'node:assert/strict';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { ChaosBoard } from '../support/chaos-board.js';
import { ChaosNode } from '../support/chaos-node.js';
import { configFolder } from '../support/config-folder.js';
import { turn } from '../support/gateway-scene.js';
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

/** Notes what it handles in a file; a thread is ready while there is a file `open` beside that. */
const NOTING = `import { appendFileSync, existsSync } from 'node:fs';
import { defineEvents } from 'gatewayworker';
const note = (line) => appendFileSync(folder + '/notes', line + '\\n');
export default defineEvents({
  async onWorkerStart() {
    while (!existsSync(folder + '/open')) await new Promise((resolve) => setTimeout(resolve, 5));
  },
  onMessage(client, message) {
    if (message === 'exit') process.exit(1);
    note('message');
  },
  onClose: () => note('close'),
});
`;

describe('a stop while a dead thread is being replaced', () => {
  it('everything that waits is handled by the thread that comes', async (t) => {
    const folder = await configFolder(t, { 'app/open': '' });
    const app = join(folder, 'app');
    await mkdir(join(app, 'events'));
    await writeFile(join(app, 'events/index.ts'), `const folder = ${JSON.stringify(app)};\n${NOTING}`);
    const chaos = await ChaosNode.start({
      events: join(app, 'events'),
      worker: { count: 1, stopTimeout: 20 },
    });
    const clients = await Promise.all(Array.from({ length: 10 }, () => WsClient.connect(chaos.url)));
    await rm(join(app, 'open'));
    clients[0].send('exit');
    await chaos.logged('worker 0 died');
    for (const client of clients) for (let n = 0; n < 10; n++) client.send(`${n}`);
    while (chaos.node.status().counters.messagesIn < 101) await turn();
    const stopping = chaos.stop();
    for (const client of clients) await client.closed;
    await writeFile(join(app, 'open'), '');
    await stopping;
    const notes = (await readFile(join(app, 'notes'), 'utf8')).split('\n');
    assert.equal(notes.filter((line) => line === 'message').length, 100);
    assert.equal(notes.filter((line) => line === 'close').length, 10);
    assert.ok(!chaos.log.some(({ msg }) => msg.includes('are lost')));
  });
});
