import { Connection, type CounterOf } from './connection.js';
import type { Opening } from './messages.js';
import type { Target } from './orders.js';

/** Handshakes at once: below the backlog of a listening socket, so that none is dropped by the kernel. */
const OPENING_AT_ONCE = 100;

/** Many clients. The first thing that goes wrong for any of them is what {@link failed} rejects with. */
export class Crowd {
  readonly clients: Connection[] = [];
  /** Never resolves. */
  readonly failed: Promise<never>;
  readonly #counter: CounterOf | undefined;
  #fail: (error: Error) => void = () => {};

  /** @param counter what counts a client's messages; by default those of one length */
  constructor(counter?: CounterOf) {
    this.#counter = counter;
    this.failed = new Promise((_, reject) => (this.#fail = reject));
    // whoever waits for the clients is told
    this.failed.catch(() => {});
  }

  /** Connects `count` more clients. */
  async open(target: Target, count: number): Promise<void> {
    const last = this.clients.length + count;
    const lane = async (): Promise<void> => {
      while (this.clients.length < last) await this.#openOne(target);
    };
    const lanes = Array.from({ length: Math.min(count, OPENING_AT_ONCE) }, lane);
    await this.whileWell(Promise.all(lanes));
  }

  /** Has every client ask for something once (by default to sign in), and waits until all have their answers. */
  async ask(opening: (client: number) => Opening = () => 's'): Promise<void> {
    await this.whileWell(Promise.all(this.clients.map((client) => client.ask(opening(client.number)))));
    for (const client of this.clients) {
      client.onMessages = () => {};
      client.onError = this.#fail;
    }
  }

  /** The same promise, rejected as soon as anything goes wrong for any client. */
  async whileWell<T>(work: Promise<T>): Promise<T> {
    return await Promise.race([work, this.failed]);
  }

  destroy(): void {
    for (const client of this.clients.splice(0)) client.destroy();
  }

  async #openOne(target: Target): Promise<void> {
    await new Promise<void>((resolve) => {
      this.clients.push(new Connection(target, this.clients.length, resolve, this.#fail, this.#counter));
    });
  }
}
