import { type Clock, elapse } from '../base/clock.js';
import { Refusal } from './refusal.js';

/** Milliseconds that the first wrong token of an address costs; each further one twice as many. */
const FIRST_DELAY = 100;
const LONGEST_DELAY = 5000;
/** Milliseconds without another one, after which it is forgotten. */
const MEMORY = 600_000;
/** Addresses that are remembered: the one whose last wrong token is longest ago is forgotten first. */
const MAX_ADDRESSES = 1000;
/** Answers to wrong tokens that may be waited for at once, by one address: more are not even looked at. */
const MAX_WAITING = 16;

interface Failures {
  count: number;
  waiting: number;
  last: number;
}

/** Wrong tokens, by the address that they came from: each costs time, so that nobody tries many. */
export class Attempts {
  readonly #clock: Clock;
  /** In the order of their last failure. */
  readonly #failures = new Map<string, Failures>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Before a token is looked at. @throws Refusal while too many of this address are wrong at once */
  check(address: string): void {
    if ((this.#failures.get(address)?.waiting ?? 0) < MAX_WAITING) return;
    throw new Refusal(429, 'Too many wrong tokens have come from your address. Try again in a moment.', {
      code: 'GW_AUTH',
      headers: { 'Retry-After': String(LONGEST_DELAY / 1000) },
    });
  }

  /** A token was wrong: resolves when that may be said. */
  async failed(address: string): Promise<void> {
    const now = this.#clock.now();
    const before = this.#failures.get(address);
    const failures =
      before && (before.waiting > 0 || now - before.last < MEMORY)
        ? before
        : { count: 0, waiting: 0, last: 0 };
    failures.last = now;
    this.#failures.delete(address);
    this.#failures.set(address, failures);
    if (this.#failures.size > MAX_ADDRESSES) this.#forgetOldest();
    const delay = Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** failures.count++);
    failures.waiting++;
    await elapse(this.#clock, delay);
    failures.waiting--;
  }

  #forgetOldest(): void {
    for (const address of this.#failures.keys()) {
      this.#failures.delete(address);
      return;
    }
  }
}
