import type { Clock, Timer } from '../base/clock.js';
import type { ClientRecord } from './client-record.js';
import type { ListenerContext } from './protocols/listener-context.js';

/** Of one listener: each with the time by which it has to have a uid, oldest first. */
interface Waiting {
  readonly deadlines: Map<ClientRecord, number>;
  timer: Timer | undefined;
}

/**
 * Clients that have to have a uid within their listener's authTimeout, from their coming until that is over. There is one
 * timer for each such listener: those who came first are first to be looked at.
 */
export class Newcomers {
  readonly #clock: Clock;
  readonly #onLate: (client: ClientRecord) => void;
  readonly #listeners = new Map<ListenerContext, Waiting>();

  /** @param onLate its time is over, and it has no uid */
  constructor(clock: Clock, onLate: (client: ClientRecord) => void) {
    this.#clock = clock;
    this.#onLate = onLate;
  }

  add(client: ClientRecord): void {
    const { listener } = client.connection;
    let waiting = this.#listeners.get(listener);
    if (waiting === undefined) {
      waiting = { deadlines: new Map(), timer: undefined };
      this.#listeners.set(listener, waiting);
    }
    waiting.deadlines.set(client, this.#clock.now() + listener.authTimeout);
    if (waiting.timer === undefined) this.#wait(waiting, listener.authTimeout);
  }

  delete(client: ClientRecord): void {
    this.#listeners.get(client.connection.listener)?.deadlines.delete(client);
  }

  close(): void {
    for (const { timer } of this.#listeners.values()) timer?.cancel();
    this.#listeners.clear();
  }

  #wait(waiting: Waiting, milliseconds: number): void {
    waiting.timer = this.#clock.setTimeout(() => this.#look(waiting), milliseconds);
  }

  #look(waiting: Waiting): void {
    waiting.timer = undefined;
    const now = this.#clock.now();
    for (const [client, deadline] of waiting.deadlines) {
      if (deadline > now) {
        this.#wait(waiting, deadline - now);
        return;
      }
      waiting.deadlines.delete(client);
      if (client.uid === undefined) this.#onLate(client);
    }
  }
}
