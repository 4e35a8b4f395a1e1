import { Crowd } from './crowd.js';
import { dialects } from './dialect.js';
import { Latency } from './latency.js';
import { frameRow } from './messages.js';
import type { Figures, PacedEchoOrder } from './orders.js';
import { pace } from './pacer.js';
import { openWindow, seconds, until } from './window.js';

/** Seconds that the last answers may take. */
const LAST_ANSWERS = 10;
/** Messages of one client that can be in flight; a server that keeps more waiting is too slow for the rate. */
const LONGEST_QUEUE = 65_536;

/** Sends at a steady rate, client by client, whether or not the answers come: so a pause shows as long as it was. */
export async function pacedEcho(order: PacedEchoOrder): Promise<Figures> {
  const { target, clients, rate, warmUp, duration } = order;
  const dialect = dialects[target.dialect];
  const crowd = new Crowd();
  const latency = new Latency();
  let answered = 0;
  let sent = 0;
  let stop: (() => void) | undefined;
  try {
    await crowd.open(target, clients);
    await crowd.ask();
    const senders = crowd.clients.map((client) => {
      const requests = frameRow('e', client.number, dialect.request);
      /** When each message in flight was sent: message n at n mod LONGEST_QUEUE. */
      const sentAt = new Float64Array(LONGEST_QUEUE);
      let next = 0;
      client.expect(frameRow('e', client.number, dialect.reply));
      client.onMessages = (count) => {
        const now = performance.now();
        answered += count;
        for (let answer = client.received - count; answer < client.received; answer++) {
          latency.record(now - sentAt[answer % LONGEST_QUEUE]);
        }
      };
      return (): void => {
        if (next - client.received >= LONGEST_QUEUE)
          throw new Error(`the server does not keep up with ${rate}/s`);
        sentAt[next % LONGEST_QUEUE] = performance.now();
        client.send(requests.slice(next++, 1));
      };
    });
    stop = pace(rate, () => senders[sent++ % clients]());
    await crowd.whileWell(seconds(warmUp));
    latency.recording = true;
    const before = answered;
    const closeWindow = openWindow(target.pids);
    await crowd.whileWell(seconds(duration));
    const window = closeWindow(answered - before);
    stop();
    // the slowest answer may be one of the last
    const missing = (): string => `${sent - answered} of ${sent} messages are not answered`;
    await crowd.whileWell(until(() => answered >= sent, LAST_ANSWERS, missing));
    if (answered > sent) throw new Error(`${answered} answers came for ${sent} messages`);
    return { ...window, ...latency.figures };
  } finally {
    stop?.();
    crowd.destroy();
  }
}
