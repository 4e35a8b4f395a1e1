import { HttpConnection } from './http-connection.js';
import { Latency } from './latency.js';
import type { Figures, RequestsOrder } from './orders.js';
import { openWindow, seconds, until } from './window.js';

/** Answers before the measurement, whatever time they take: a server's code is compiled by then. */
const WARM_UP_ANSWERS = 10_000;
/** Seconds that those may take, and the last answers. */
const LONGEST_WARM_UP = 120;
const LAST_ANSWERS = 10;

/** Each connection asks again as soon as it has its answer: `{"hello":"<its number>"}`. */
export async function requests({ target, clients, warmUp, duration }: RequestsOrder): Promise<Figures> {
  const latency = new Latency();
  const connections: HttpConnection[] = [];
  let asked = 0;
  let answered = 0;
  let stopping = false;
  const failed = new Promise<never>((_, reject) => {
    for (let number = 0; number < clients; number++) {
      let askedAt = 0;
      const ask = (): void => {
        asked++;
        askedAt = performance.now();
        connection.ask();
      };
      const onAnswer = (): void => {
        answered++;
        latency.record(performance.now() - askedAt);
        if (!stopping) ask();
      };
      const connection = new HttpConnection(target, number, ask, onAnswer, reject);
      connections.push(connection);
    }
  });
  try {
    await Promise.race([seconds(warmUp), failed]);
    const cold = (): string => `${answered} of the first ${WARM_UP_ANSWERS} requests are answered`;
    await Promise.race([until(() => answered >= WARM_UP_ANSWERS, LONGEST_WARM_UP, cold), failed]);
    latency.recording = true;
    const before = answered;
    const closeWindow = openWindow(target.pids);
    await Promise.race([seconds(duration), failed]);
    const window = closeWindow(answered - before);
    latency.recording = false;
    stopping = true;
    const missing = (): string => `${asked - answered} of ${asked} requests are not answered`;
    await Promise.race([until(() => answered === asked, LAST_ANSWERS, missing), failed]);
    return { ...window, ...latency.figures };
  } finally {
    for (const connection of connections) connection.destroy();
  }
}
