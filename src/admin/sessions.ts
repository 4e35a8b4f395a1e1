import { randomBytes } from 'node:crypto';
import type { Clock } from '../base/clock.js';
import { SecretKey } from '../net/secret-key.js';

/** Milliseconds that a session lasts without a request. */
const IDLE_TIME = 12 * 3_600_000;
/** At once: the one that has been idle for longest makes room. */
const MAX_SESSIONS = 100;
const BYTES = 32;

interface Session {
  readonly key: SecretKey;
  used: number;
}

/** Browsers that have shown the token, and since then show a cookie, which is worth nothing on any other start. */
export class Sessions {
  readonly #clock: Clock;
  /** In the order of their last use. */
  readonly #sessions = new Set<Session>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @returns the cookie's value */
  open(): string {
    const value = randomBytes(BYTES).toString('base64url');
    this.#sessions.add({ key: new SecretKey(value), used: this.#clock.now() });
    for (const session of this.#sessions) {
      if (this.#sessions.size <= MAX_SESSIONS) break;
      this.#sessions.delete(session);
    }
    return value;
  }

  /** Whether a cookie's value is that of a session, which goes on for as long again. */
  has(value: string): boolean {
    const session = this.#find(value);
    if (session === undefined) return false;
    this.#sessions.delete(session);
    if (this.#clock.now() - session.used > IDLE_TIME) return false;
    session.used = this.#clock.now();
    this.#sessions.add(session);
    return true;
  }

  close(value: string): void {
    const session = this.#find(value);
    if (session !== undefined) this.#sessions.delete(session);
  }

  #find(value: string): Session | undefined {
    if (value === '') return undefined;
    // all are compared, and each in the same time
    return [...this.#sessions].filter(({ key }) => key.matches(value))[0];
  }
}
