import { Crowd } from './crowd.js';
import { dialects } from './dialect.js';
import { frameRow } from './messages.js';
import type { ChatOrder, Figures } from './orders.js';
import { openWindow, seconds, until } from './window.js';

/** Seconds that the last messages may take. */
const LAST_MESSAGES = 10;

/**
 * Each client has a uid, and writes to the uid of one other, which writes to a third: so whoever gets a message sends
 * one, and `inFlight` messages of each client are on their way at any time.
 */
export async function chat({ target, clients, inFlight, warmUp, duration }: ChatOrder): Promise<Figures> {
  const dialect = dialects[target.dialect];
  const crowd = new Crowd();
  let delivered = 0;
  let sent = 0;
  let stopping = false;
  try {
    await crowd.open(target, clients);
    await crowd.ask((client) => `b ${uidOf(client)}`);
    // about half the crowd further: somebody who came much later
    const step = Math.floor(clients / 2) - 1;
    const starts = crowd.clients.map((client) => {
      const partner = (client.number + step) % clients;
      const writer = (client.number - step + clients) % clients;
      const requests = frameRow(`u ${uidOf(partner)}`, client.number, dialect.request);
      let next = 0;
      const send = (count: number): void => {
        client.send(requests.slice(next, count));
        next += count;
        sent += count;
      };
      client.expect(frameRow(`u ${uidOf(client.number)}`, writer, dialect.reply));
      client.onMessages = (count) => {
        delivered += count;
        if (!stopping) send(count);
      };
      return send;
    });
    for (const send of starts) send(inFlight);
    await crowd.whileWell(seconds(warmUp));
    const before = delivered;
    const closeWindow = openWindow(target.pids);
    await crowd.whileWell(seconds(duration));
    const window = closeWindow(delivered - before);
    stopping = true;
    const missing = (): string => `${sent - delivered} of ${sent} messages did not arrive`;
    await crowd.whileWell(until(() => delivered >= sent, LAST_MESSAGES, missing));
    if (delivered > sent) throw new Error(`${delivered} messages arrived of ${sent}`);
    return { ...window };
  } finally {
    crowd.destroy();
  }
}

/** GatewayWorker has no uid 0. */
function uidOf(client: number): number {
  return client + 1;
}
