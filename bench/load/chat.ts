import { Crowd } from './crowd.js';
import { dialects } from './dialect.js';
import { frameRow } from './messages.js';
import type { ChatOrder, Figures } from './orders.js';
import { openWindow, seconds, until } from './window.js';

/** Seconds that the last messages may take. */
const LAST_MESSAGES = 10;

/**
 * Each client has a uid, and writes to the uid of one other, which answers each message with one: so `inFlight` messages
 * for each client are on their way. (If it wrote to a third, who wrote to a fourth, messages that once came together would
 * go on together for ever, and in the end all of them.)
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
    const starts = crowd.clients.map((client) => {
      const partner = partnerOf(client.number, clients);
      const requests = frameRow(`u ${uidOf(partner)}`, client.number, dialect.request);
      let next = 0;
      const send = (count: number): void => {
        client.send(requests.slice(next, count));
        next += count;
        sent += count;
      };
      client.expect(frameRow(`u ${uidOf(client.number)}`, partner, dialect.reply));
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

/**
 * Somebody who came much later or earlier, and at another port where there are several: the first of those who came first
 * has the second of the others.
 *
 * @param clients an even number
 */
function partnerOf(client: number, clients: number): number {
  const half = clients / 2;
  return client < half ? half + ((client + 1) % half) : (client - 1) % half;
}

/** GatewayWorker has no uid 0. */
function uidOf(client: number): number {
  return client + 1;
}
