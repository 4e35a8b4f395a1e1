import { Crowd } from './crowd.js';
import { ROTATION, frameRow, replyFrame, requestFrame } from './messages.js';
import type { FanOutOrder, Figures } from './orders.js';
import { openWindow, seconds, until } from './window.js';

/** Seconds that the last deliveries may take. */
const LAST_DELIVERIES = 30;

/**
 * One client's messages go to every client, itself included. It is paced by deliveries: `outstanding` messages are on
 * their way to somebody at any time.
 */
export async function fanOut({
  port,
  pid,
  clients,
  outstanding,
  warmUp,
  duration,
}: FanOutOrder): Promise<Figures> {
  const crowd = new Crowd();
  let delivered = 0;
  let sent = 0;
  let stopping = false;
  try {
    await crowd.open(port, clients);
    await crowd.whileWell(crowd.signIn());
    const [sender] = crowd.clients;
    const requests = frameRow('a', sender.number, requestFrame);
    const replies = frameRow('a', sender.number, replyFrame);
    const send = (): void => {
      let room = stopping ? 0 : outstanding - sent + Math.floor(delivered / clients);
      while (room > 0) {
        const count = Math.min(room, ROTATION);
        sender.send(requests.slice(sent, count));
        sent += count;
        room -= count;
      }
    };
    for (const client of crowd.clients) {
      client.expect(replies);
      client.onMessages = (count) => {
        delivered += count;
        if (outstanding * clients + delivered >= (sent + 1) * clients) send();
      };
    }
    send();
    await crowd.whileWell(seconds(warmUp));
    const before = delivered;
    const closeWindow = openWindow(pid);
    await crowd.whileWell(seconds(duration));
    const window = closeWindow(delivered - before);
    stopping = true;
    const missing = (): string => `${sent * clients - delivered} of ${sent * clients} deliveries are missing`;
    await crowd.whileWell(until(() => delivered >= sent * clients, LAST_DELIVERIES, missing));
    const wrong = crowd.clients.find(({ received }) => received !== sent);
    if (wrong !== undefined) {
      throw new Error(`client ${wrong.number} was sent ${wrong.received} messages; expected ${sent}`);
    }
    return { ...window };
  } finally {
    crowd.destroy();
  }
}
