import { Crowd } from './crowd.js';
import { dialects } from './dialect.js';
import { Latency } from './latency.js';
import { frameRow } from './messages.js';
import type { EchoOrder, Figures } from './orders.js';
import { openWindow, seconds, until } from './window.js';

/** Seconds that the last answers may take. */
const LAST_ANSWERS = 10;

/**
 * Each client keeps `inFlight` messages in flight: for every answer it sends the next message. Messages whose answers
 * came in one piece go out in one piece, as a client's own socket would send them.
 */
export async function echo(order: EchoOrder): Promise<Figures> {
  const { target, clients, idleClients, inFlight, warmUp, duration } = order;
  const dialect = dialects[target.dialect];
  const crowd = new Crowd();
  const latency = new Latency();
  let answered = 0;
  let sent = 0;
  let stopping = false;
  try {
    await crowd.open(target, clients + idleClients);
    await crowd.ask();
    for (const client of crowd.clients.slice(0, clients)) {
      const requests = frameRow('e', client.number, dialect.request);
      /** When each message in flight was sent: message n at n mod inFlight. */
      const sentAt = new Float64Array(inFlight);
      let next = 0;
      const send = (count: number, now: number): void => {
        client.send(requests.slice(next, count));
        for (let index = 0; index < count; index++) sentAt[(next + index) % inFlight] = now;
        next += count;
        sent += count;
      };
      client.expect(frameRow('e', client.number, dialect.reply));
      client.onMessages = (count) => {
        const now = performance.now();
        answered += count;
        if (latency.recording) {
          for (let answer = client.received - count; answer < client.received; answer++) {
            latency.record(now - sentAt[answer % inFlight]);
          }
        }
        if (!stopping) send(count, now);
      };
      send(inFlight, performance.now());
    }
    await crowd.whileWell(seconds(warmUp));
    latency.recording = true;
    const before = answered;
    const closeWindow = openWindow(target.pids);
    await crowd.whileWell(seconds(duration));
    const window = closeWindow(answered - before);
    latency.recording = false;
    stopping = true;
    const missing = (): string => `${sent - answered} of ${sent} messages are not answered`;
    await crowd.whileWell(until(() => answered >= sent, LAST_ANSWERS, missing));
    if (answered > sent) throw new Error(`${answered} answers came for ${sent} messages`);
    return { ...window, ...latency.figures };
  } finally {
    crowd.destroy();
  }
}
