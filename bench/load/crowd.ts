import { Connection } from './connection.js';

/** Handshakes at once: below the backlog of a listening socket, so that none is dropped by the kernel. */
const OPENING_AT_ONCE = 100;

/** Many clients. The first thing that goes wrong for any of them is what {@link failed} rejects with. */
export class Crowd {
  readonly clients: Connection[] = [];
  /** Never resolves. */
  readonly failed: Promise<never>;
  #fail: (error: Error) => void = () => {};

  constructor() {
    this.failed = new Promise((_, reject) => (this.#fail = reject));
    // whoever waits for the clients is told
    this.failed.catch(() => {});
  }

  /** Connects `count` more clients. */
  async open(port: number, count: number): Promise<void> {
    const last = this.clients.length + count;
    const lane = async (): Promise<void> => {
      while (this.clients.length < last) await this.#openOne(port);
    };
    const lanes = Array.from({ length: Math.min(count, OPENING_AT_ONCE) }, lane);
    await this.whileWell(Promise.all(lanes));
  }

  /** Signs every client in, one message each. */
  async signIn(): Promise<void> {
    await Promise.all(this.clients.map((client) => client.signIn()));
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

  async #openOne(port: number): Promise<void> {
    await new Promise<void>((resolve) => {
      this.clients.push(new Connection(port, this.clients.length, resolve, this.#fail));
    });
  }
}
