import type { Clock } from '../base/clock.js';
import { Deadlines } from '../base/deadlines.js';
import type { ClientRecord } from './client-record.js';
import type { ListenerContext } from './protocols/listener-context.js';

/** Clients that have to have a uid within their listener's authTimeout, from their coming until that is over. */
export class Newcomers {
  readonly #clock: Clock;
  readonly #onLate: (client: ClientRecord) => void;
  readonly #listeners = new Map<ListenerContext, Deadlines<ClientRecord>>();

  /** @param onLate its time is over, and it has no uid */
  constructor(clock: Clock, onLate: (client: ClientRecord) => void) {
    this.#clock = clock;
    this.#onLate = onLate;
  }

  add(client: ClientRecord): void {
    const { listener } = client.connection;
    let waiting = this.#listeners.get(listener);
    if (waiting === undefined) {
      waiting = new Deadlines(this.#clock, listener.authTimeout, (late: ClientRecord) => {
        if (late.uid === undefined) this.#onLate(late);
      });
      this.#listeners.set(listener, waiting);
    }
    waiting.add(client);
  }

  delete(client: ClientRecord): void {
    this.#listeners.get(client.connection.listener)?.delete(client);
  }

  close(): void {
    for (const waiting of this.#listeners.values()) waiting.close();
    this.#listeners.clear();
  }
}
