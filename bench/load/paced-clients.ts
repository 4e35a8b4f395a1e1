import type { Connection } from './connection.js';
import { type DialectName, dialects } from './dialect.js';
import type { Latency } from './latency.js';
import { frameRow } from './messages.js';
import { pace } from './pacer.js';
import { until } from './window.js';

/** Seconds that the last answers may take. */
const LAST_ANSWERS = 10;
/** Messages of one client that can be in flight; a server that keeps more waiting is too slow for the rate. */
const LONGEST_QUEUE = 65_536;

/** Clients that send at a steady rate, one after another, whether or not the answers come: so a pause shows as long as it was. */
export class PacedClients {
  answered = 0;
  #sent = 0;
  readonly #stop: () => void;

  /** @param rate messages a second, all clients together */
  constructor(
    clients: readonly Connection[],
    { dialect: name, rate, latency }: { dialect: DialectName; rate: number; latency: Latency },
  ) {
    const dialect = dialects[name];
    const senders = clients.map((client) => {
      const requests = frameRow('e', client.number, dialect.request);
      /** When each message in flight was sent: message n at n mod LONGEST_QUEUE. */
      const sentAt = new Float64Array(LONGEST_QUEUE);
      let next = 0;
      client.expect(frameRow('e', client.number, dialect.reply));
      client.onMessages = (count) => {
        const now = performance.now();
        this.answered += count;
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
    this.#stop = pace(rate, () => senders[this.#sent++ % senders.length]());
  }

  /** Sends no more. */
  stop(): void {
    this.#stop();
  }

  /** Resolves when every message is answered: the slowest answer may be one of the last. */
  async allAnswered(): Promise<void> {
    const missing = (): string => `${this.#sent - this.answered} of ${this.#sent} messages are not answered`;
    await until(() => this.answered >= this.#sent, LAST_ANSWERS, missing);
    if (this.answered > this.#sent)
      throw new Error(`${this.answered} answers came for ${this.#sent} messages`);
  }
}
