import { createHistogram } from 'node:perf_hooks';
import { Crowd } from './crowd.js';
import type { EchoOrder, Figures } from './orders.js';
import { frameRow, replyFrame, requestFrame } from './messages.js';
import { openWindow, seconds, until } from './window.js';

/** Seconds that the last answers may take. */
const LAST_ANSWERS = 10;

/**
 * Each client keeps `inFlight` messages in flight: for every answer it sends the next message. Messages whose answers
 * came in one piece go out in one piece, as a client's own socket would send them.
 */
export async function echo({ port, pid, clients, inFlight, warmUp, duration }: EchoOrder): Promise<Figures> {
  const crowd = new Crowd();
  // nanoseconds: the histogram takes whole numbers
  const latency = createHistogram();
  let answered = 0;
  let sent = 0;
  let recording = false;
  let stopping = false;
  try {
    await crowd.open(port, clients);
    await crowd.whileWell(crowd.signIn());
    for (const client of crowd.clients) {
      const requests = frameRow('e', client.number, requestFrame);
      /** When each message in flight was sent: message n at n mod inFlight. */
      const sentAt = new Float64Array(inFlight);
      let next = 0;
      const send = (count: number, now: number): void => {
        client.send(requests.slice(next, count));
        for (let index = 0; index < count; index++) sentAt[(next + index) % inFlight] = now;
        next += count;
        sent += count;
      };
      client.expect(frameRow('e', client.number, replyFrame));
      client.onMessages = (count) => {
        const now = performance.now();
        answered += count;
        if (recording) {
          for (let answer = client.received - count; answer < client.received; answer++) {
            latency.record(Math.max(1, Math.round((now - sentAt[answer % inFlight]) * 1e6)));
          }
        }
        if (!stopping) send(count, now);
      };
      send(inFlight, performance.now());
    }
    await crowd.whileWell(seconds(warmUp));
    recording = true;
    const before = answered;
    const closeWindow = openWindow(pid);
    await crowd.whileWell(seconds(duration));
    const window = closeWindow(answered - before);
    recording = false;
    stopping = true;
    const missing = (): string => `${sent - answered} of ${sent} messages are not answered`;
    await crowd.whileWell(until(() => answered >= sent, LAST_ANSWERS, missing));
    if (answered > sent) throw new Error(`${answered} answers came for ${sent} messages`);
    return { ...window, p50: latency.percentile(50) / 1e6, p99: latency.percentile(99) / 1e6 };
  } finally {
    crowd.destroy();
  }
}
