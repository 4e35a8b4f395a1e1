import { everyone, groups } from './audience.js';
import { Crowd } from './crowd.js';
import { dialects } from './dialect.js';
import { Latency } from './latency.js';
import type { FanOutOrder, Figures } from './orders.js';
import { Outstanding } from './outstanding.js';
import { pace } from './pacer.js';
import { openWindow, seconds, until } from './window.js';

/** Seconds that the last deliveries may take. */
const LAST_DELIVERIES = 30;
/** Messages to all that can be on their way at once. */
const LONGEST_QUEUE = 65_536;

/**
 * One client's messages go to every client, itself included, or to the members of one group after another. It goes by
 * the clock, or is paced by deliveries.
 */
export async function fanOut(order: FanOutOrder): Promise<Figures> {
  const { target, clients, warmUp, duration } = order;
  const dialect = dialects[target.dialect];
  const audience = order.audience === 'all' ? everyone(dialect, clients) : groups(dialect, clients);
  const crowd = new Crowd();
  const latency = new Latency();
  /** When each message was sent: message n at n mod LONGEST_QUEUE. */
  const sentAt = new Float64Array(LONGEST_QUEUE);
  let delivered = 0;
  let sent = 0;
  const outstanding = new Outstanding('mostOutstanding' in order.pace ? order.pace.mostOutstanding : 0);
  let stop = (): void => outstanding.stop();
  try {
    await crowd.open(target, clients);
    await crowd.ask(audience.opening);
    const [sender] = crowd.clients;
    /** Sends as many as there is room for. */
    const send = (): void => {
      let room = outstanding.room(sent, delivered / audience.size);
      while (room > 0) {
        const count = Math.min(room, audience.requests.count);
        sender.send(audience.requests.slice(sent, count));
        sent += count;
        room -= count;
      }
    };
    // every client is in the same position towards a message to all, and only then
    const timed = 'perSecond' in order.pace && order.audience === 'all';
    for (const client of crowd.clients) {
      client.expect(audience.repliesTo(client.number));
      client.onMessages = (count) => {
        delivered += count;
        if (timed) {
          const now = performance.now();
          for (let message = client.received - count; message < client.received; message++) {
            latency.record(now - sentAt[message % LONGEST_QUEUE]);
          }
        } else send();
      };
    }
    if ('perSecond' in order.pace) {
      stop = pace(order.pace.perSecond, () => {
        sentAt[sent % LONGEST_QUEUE] = performance.now();
        sender.send(audience.requests.slice(sent++, 1));
      });
    } else send();
    await crowd.whileWell(seconds(warmUp));
    latency.recording = true;
    const before = delivered;
    const closeWindow = openWindow(target.pids);
    await crowd.whileWell(seconds(duration));
    const window = closeWindow(delivered - before);
    stop();
    const all = (): number => sent * audience.size;
    const missing = (): string => `${all() - delivered} of ${all()} deliveries are missing`;
    await crowd.whileWell(until(() => delivered >= all(), LAST_DELIVERIES, missing));
    for (const { number, received } of crowd.clients) {
      const expected = audience.countFor(number, sent);
      if (received !== expected) {
        throw new Error(`client ${number} was sent ${received} messages; expected ${expected}`);
      }
    }
    return timed ? { ...window, ...latency.figures } : { ...window };
  } finally {
    stop();
    crowd.destroy();
  }
}
