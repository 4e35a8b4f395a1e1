import type { Clock, Timer } from '../base/clock.js';
import type { ListenerConfig } from '../config/schema.js';
import type { ClientRecord } from './client-record.js';

/** Milliseconds between two looks at who may be read again, at least. */
const LOOK = 20;
/** Milliseconds: times that were added up may differ by less. */
const EXACT = 0.001;

export type Rate = NonNullable<ListenerConfig['rate']>;

/** What becomes of clients that send more than they may. */
export interface RatesHost {
  /** Reads the client no further. */
  hold(client: ClientRecord): void;
  /** Reads it again. */
  release(client: ClientRecord): void;
  /** The client has sent too much, and is closed for that. */
  exceeded(client: ClientRecord): void;
  /** The client has sent too much, and cannot be paused: what it sent is dropped. */
  dropped(client: ClientRecord): void;
}

/** Until when (milliseconds) what a client has sent is made up for. */
interface Spent {
  messages: number;
  bytes: number;
}

/**
 * How much clients send, where their listener has a `rate`. A message, and a byte, takes its part of the time: 10 messages
 * per second take 100 ms each. A client may be ahead of the time by `burst` times `per`; beyond that it has to wait.
 */
export class Rates {
  readonly #clock: Clock;
  readonly #host: RatesHost;
  readonly #spent = new Map<ClientRecord, Spent>();
  /** Who is not read, and until when. */
  readonly #held = new Map<ClientRecord, number>();
  #timer: Timer | undefined;
  /** When the timer is over. */
  #next = 0;

  constructor(clock: Clock, host: RatesHost) {
    this.#clock = clock;
    this.#host = host;
  }

  /** A message of so many bytes has come. @returns whether it is to be handled */
  admits(client: ClientRecord, rate: Rate, bytes: number): boolean {
    const now = this.#clock.now();
    const ahead = rate.burst * rate.per * 1000;
    const spent = this.#spentBy(client);
    const messages = Math.max(now, spent.messages) + costOf(rate, rate.messages);
    const transferred = Math.max(now, spent.bytes) + costOf(rate, rate.bytes) * bytes;
    const latest = Math.max(messages, transferred);
    const tooMuch = latest > now + ahead + EXACT;
    if (tooMuch && rate.policy === 'close') {
      this.#host.exceeded(client);
      return false;
    }
    if (tooMuch && client.connection.protocol.datagrams === true) {
      this.#host.dropped(client);
      return false;
    }
    spent.messages = messages;
    spent.bytes = transferred;
    if (rate.policy === 'pause') this.#holdUntil(client, nextOf(spent, rate) - ahead, now);
    return true;
  }

  /** The client is gone. */
  forget(client: ClientRecord): void {
    this.#spent.delete(client);
    this.#held.delete(client);
  }

  close(): void {
    this.#timer?.cancel();
  }

  #spentBy(client: ClientRecord): Spent {
    let spent = this.#spent.get(client);
    if (spent === undefined) {
      spent = { messages: 0, bytes: 0 };
      this.#spent.set(client, spent);
    }
    return spent;
  }

  #holdUntil(client: ClientRecord, time: number, now: number): void {
    if (time <= now + EXACT || client.connection.protocol.datagrams === true) return;
    const reading = !this.#held.has(client);
    this.#held.set(client, time);
    if (reading) this.#host.hold(client);
    this.#lookAt(time, now);
  }

  #lookAt(time: number, now: number): void {
    if (this.#timer !== undefined && this.#next <= time) return;
    this.#timer?.cancel();
    this.#next = Math.max(time, now + LOOK);
    this.#timer = this.#clock.setTimeout(() => this.#look(), this.#next - now);
  }

  /** One timer for all that wait. */
  #look(): void {
    this.#timer = undefined;
    const now = this.#clock.now();
    let next = Number.POSITIVE_INFINITY;
    for (const [client, until] of this.#held) {
      if (until > now + EXACT) {
        next = Math.min(next, until);
      } else {
        this.#held.delete(client);
        this.#host.release(client);
      }
    }
    if (next < Number.POSITIVE_INFINITY) this.#lookAt(next, now);
  }
}

/** Milliseconds that one of so many takes. */
function costOf({ per }: Rate, amount: number | undefined): number {
  return amount === undefined ? 0 : (per * 1000) / amount;
}

/** Until when what was sent is made up for, and one more of each. */
function nextOf({ messages, bytes }: Spent, rate: Rate): number {
  return Math.max(messages + costOf(rate, rate.messages), bytes + costOf(rate, rate.bytes));
}
