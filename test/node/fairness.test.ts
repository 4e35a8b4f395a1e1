import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { configFolder } from '../support/config-folder.js';
import { NodeProcess } from '../support/node.js';
import { TextClient } from '../support/text-client.js';

const FLOOD = 600;
const QUESTIONS = 10;
/** Handlers of 2 ms in a tenth of a second. */
const EVENTS_IN_100_MS = 50;

/** Its handlers keep the thread for 2 ms each; an answer says how many messages of the flood there have been. */
const EVENTS = `
import { defineEvents } from 'gatewayworker';
let flooded = 0;
export default defineEvents({
  onMessage(client, message) {
    const began = performance.now();
    while (performance.now() - began < 2);
    if (message === 'flood') flooded++;
    client.send(String(flooded));
  },
});
`;

describe('one client that sends a lot at once', () => {
  it('delays its neighbour by no more than a tenth of a second: 50 handlers of 2 ms', async (t) => {
    const folder = await configFolder(t, { 'index.ts': EVENTS });
    const node = await NodeProcess.start({
      events: folder,
      gateway: { listen: [{ url: 'text://127.0.0.1:0' }] },
      worker: { count: 1 },
    });
    t.after(() => node.stop());
    const flood = await TextClient.connect(node.url('text'));
    const neighbour = await TextClient.connect(node.url('text'));
    neighbour.send('hello');
    assert.equal(await neighbour.next(), '0');
    flood.socket.write('flood\n'.repeat(FLOOD));
    await flood.next();
    let flooded = 0;
    for (let asked = 0; asked < QUESTIONS; asked++) {
      neighbour.send('a question');
      flooded = Number(await neighbour.next());
    }
    assert.ok(
      flooded < QUESTIONS * EVENTS_IN_100_MS,
      `${flooded} of the flood went before ${QUESTIONS} answers`,
    );
    t.diagnostic(`${flooded / QUESTIONS} handlers of the flood before each answer`);
    for (let answered = 2; answered < FLOOD; answered++) await flood.next();
    assert.equal(await flood.next(), String(FLOOD), 'nothing of it is lost');
  });
});
