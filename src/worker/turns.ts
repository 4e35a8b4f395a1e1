import { Queue } from '../base/queue.js';
import type { ThreadLink } from '../link/thread-link.js';
import type { Client } from './client.js';
import type { Unfinished } from './unfinished.js';

/** Milliseconds that handlers may take in a row before the thread looks at what else has come. */
const TURN = 10;
/** Milliseconds that those of one client may take in a row, where others wait as well. */
const SHARE = 1;
/** Events that begin at once between two looks at the clock: a look takes as long as a small part of the shortest handler. */
const EVENTS_PER_LOOK = 4;

/**
 * Whose turn it is, where handlers take their time without giving the thread back. Events come in the order in which they
 * were sent, and two thousand of one client, at 2 ms each, would keep everybody else's waiting for four seconds. So once
 * handlers have taken a turn's time in a row, what else has come is only put with its clients, and those clients rest: from
 * then on they have a share of a turn each, one after another, and what comes meanwhile is looked at between two turns.
 *
 * A client that rests is as one whose handler is pending: its events stay in the ring, or parked, until each begins.
 */
export class Turns {
  readonly #link: ThreadLink;
  readonly #unfinished: Unfinished;
  readonly #goOn: (client: Client) => void;
  readonly #resting = new Queue<Client>();
  readonly #step = (): void => this.#next();
  #scheduled = false;
  /** How long the turn is, how many events have begun in it, and when the first of them did. */
  #length = TURN;
  #begun = 0;
  #began = 0;
  #over = false;
  #held = false;

  /** @param goOn begins with the next events of a client that has rested */
  constructor(link: ThreadLink, unfinished: Unfinished, goOn: (client: Client) => void) {
    this.#link = link;
    this.#unfinished = unfinished;
    this.#goOn = goOn;
  }

  /** A new turn: what else has come has been looked at. */
  begin(length = TURN): void {
    this.#length = length;
    this.#begun = 0;
    this.#over = this.#held;
  }

  /** Whether no turn is to have any time for now: what comes is only put with its clients. */
  hold(held: boolean): void {
    this.#held = held;
    this.begin();
  }

  /** An event that has just come is to begin. @returns whether it has to wait, since this turn has taken its time */
  isOver(): boolean {
    if (this.#begun % EVENTS_PER_LOOK === 0) return this.look();
    this.#begun++;
    return this.#over;
  }

  /** As {@link isOver}, for an event that has waited: it is the clock that says so. */
  look(): boolean {
    const now = performance.now();
    if (this.#begun++ === 0) this.#began = now;
    else if (now - this.#began >= this.#length) this.#over = true;
    return this.#over;
  }

  /** A client has events that wait, and no handler that is pending: they begin when its turn comes. */
  rest(client: Client): void {
    client.events.busy = true;
    this.#unfinished.begin();
    this.#resting.push(client);
    this.#schedule();
  }

  /** Another thread takes over what waits. */
  leave(): void {
    while (this.#resting.shift() !== undefined) this.#unfinished.end();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(this.#step);
  }

  #next(): void {
    this.#scheduled = false;
    if (this.#link.state === 'closed') {
      this.leave();
      return;
    }
    if (!this.#link.isSettled) {
      this.#scheduled = true;
      void this.#link.settled().then(this.#step);
      return;
    }
    const end = performance.now() + TURN;
    for (let left = this.#resting.length; left > 0; left--) {
      if (performance.now() >= end || !this.#link.isSettled) break;
      const client = this.#resting.shift();
      if (client === undefined) break; // a handler has ended this thread's part
      this.begin(SHARE);
      this.#goOn(client);
      this.#unfinished.end();
    }
    this.begin();
    if (this.#resting.length > 0) this.#schedule();
  }
}
