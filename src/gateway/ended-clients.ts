import type { Clock, Timer } from '../base/clock.js';
import type { ClientRecord } from './client-record.js';

/** Milliseconds after which a worker is told again: what the first time was lost on the way, with a worker or its answer. */
const ASK_AGAIN = 30_000;

/**
 * Clients that send no more and wait for the answers to what they sent. Their worker is told behind their last event, and
 * says when it has come to that; one that knows no such thing, PHP's, has the client's own patience to answer.
 */
export class EndedClients {
  readonly #clock: Clock;
  readonly #tell: (client: ClientRecord) => void;
  readonly #finish: (client: ClientRecord) => void;
  /** With the milliseconds that each waits for a worker that does not say when it is done. */
  readonly #patience = new Map<ClientRecord, number>();
  readonly #timers = new Map<ClientRecord, Timer>();
  #again: Timer | undefined;

  /** @param tell tells a client's worker. @param finish closes a client that is answered */
  constructor(clock: Clock, tell: (client: ClientRecord) => void, finish: (client: ClientRecord) => void) {
    this.#clock = clock;
    this.#tell = tell;
    this.#finish = finish;
  }

  has(client: ClientRecord): boolean {
    return this.#patience.has(client);
  }

  add(client: ClientRecord, patience: number): void {
    this.#patience.set(client, patience);
    this.#again ??= this.#clock.setInterval(() => {
      for (const waiting of this.#patience.keys()) if (!this.#timers.has(waiting)) this.#tell(waiting);
    }, ASK_AGAIN);
    this.#tell(client);
  }

  /** Everything before its end is on its way to a worker that will not say when it has handled that. */
  unheard(client: ClientRecord): void {
    const patience = this.#patience.get(client);
    if (patience === undefined || this.#timers.has(client)) return;
    this.#timers.set(
      client,
      this.#clock.setTimeout(() => this.#finish(client), patience),
    );
  }

  delete(client: ClientRecord): void {
    if (!this.#patience.delete(client)) return;
    this.#timers.get(client)?.cancel();
    this.#timers.delete(client);
    if (this.#patience.size === 0) this.close();
  }

  close(): void {
    this.#again?.cancel();
    this.#again = undefined;
  }
}
