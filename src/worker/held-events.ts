import type { ThreadLink } from '../link/thread-link.js';
import { Command } from '../wire/command.js';
import { type ReceivedFrame, decodeFrame } from '../wire/frame.js';
import type { ClientRequests } from './client-requests.js';
import type { Client } from './client.js';
import type { Turns } from './turns.js';

export interface HeldEventsOptions {
  readonly link: ThreadLink;
  readonly turns: Turns;
  readonly requests: ClientRequests;
  /** The client's next events may start. */
  readonly onGoOn: (client: Client) => void;
  /** What came that is of no client may start. */
  readonly onWord: (word: ReceivedFrame, place: number) => void;
}

/**
 * The time in which no event is to begin, and all stay in their ring: but as long as a handler waits for a client's answer they
 * come, for that to be among them, and wait in here.
 */
export class HeldEvents {
  readonly #options: HeldEventsOptions;
  /** Clients of whom nothing is pending any more; undefined at any other time. */
  #clients: Set<Client> | undefined;
  readonly #words: { readonly place: number; readonly frame: Buffer }[] = [];

  constructor(options: HeldEventsOptions) {
    this.#options = options;
  }

  begin(): void {
    this.#clients ??= new Set();
    this.#options.turns.hold(true);
    this.look();
  }

  /** Events begin again: first those that have waited in here. */
  end(): void {
    const { link, turns, onGoOn, onWord } = this.#options;
    const clients = this.#clients ?? [];
    this.#clients = undefined;
    turns.hold(false);
    for (const client of clients) onGoOn(client);
    for (const { place, frame } of this.#words.splice(0)) onWord(decodeFrame(frame), place);
    link.holdEvents(false);
  }

  /** What waits here is another thread's. */
  leave(): void {
    this.#words.length = 0;
  }

  /** A client was asked, or none is to answer any more. */
  look(): void {
    if (this.#clients !== undefined) this.#options.link.holdEvents(!this.#options.requests.waiting);
  }

  /** @returns whether the client's next events have to wait */
  holds(client: Client): boolean {
    if (this.#clients === undefined) return false;
    client.events.busy = true;
    this.#clients.add(client);
    return true;
  }

  /** @returns whether this, which is of no client, has to wait */
  holdsWord(word: ReceivedFrame, place: number): boolean {
    if (this.#clients === undefined || !STARTS.has(word.command)) return false;
    this.#words.push({ place, frame: word.copy() });
    return true;
  }
}

const STARTS: ReadonlySet<number> = new Set([
  Command.ON_HANDSHAKE,
  Command.ON_REQUEST,
  Command.ON_WORKER_MESSAGE,
]);
