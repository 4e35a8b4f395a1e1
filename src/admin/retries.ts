import { createHash } from 'node:crypto';
import type { Clock } from '../base/clock.js';
import type { Exchange } from './exchange.js';
import { Refusal } from './refusal.js';

const HEADER = 'idempotency-key';
const LONGEST_KEY = 255;
/** Milliseconds that an answer is remembered. */
const MEMORY = 24 * 3_600_000;
/** Keys, and bytes of all answers, that are remembered at once: those that came first are forgotten first. */
const MAX_KEYS = 10_000;
const MAX_BYTES = 16 * 1024 * 1024;

interface Remembered {
  /** What the request was. */
  readonly digest: string;
  readonly answer: Promise<object>;
  readonly at: number;
  bytes: number;
}

/**
 * Requests that have an Idempotency-Key: one that comes again, since its sender has not heard the answer, is not done again,
 * but answered as the first time. Only what was done is remembered: what failed may be tried again with the same key.
 */
export class Retries {
  readonly #clock: Clock;
  /** In the order of their coming. */
  readonly #keys = new Map<string, Remembered>();
  #bytes = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Sends what `make` makes, or has made for the same key. @throws Refusal, and whatever `make` does */
  async answer(exchange: Exchange, make: () => Promise<object>): Promise<void> {
    const key = exchange.header(HEADER);
    if (key === undefined) {
      exchange.sendJson(200, await make());
      return;
    }
    if (key === '' || key.length > LONGEST_KEY) {
      throw new Refusal(
        400,
        `The Idempotency-Key has ${key.length} characters; expected 1 to ${LONGEST_KEY}.`,
      );
    }
    const digest = createHash('sha256')
      .update(`${exchange.path}\n`)
      .update(await exchange.body())
      .digest('hex');
    const before = this.#remembered(key);
    if (before !== undefined && before.digest !== digest) {
      throw new Refusal(
        422,
        'The Idempotency-Key came before, with another request; expected one of its own for each request.',
      );
    }
    const { answer } = before ?? this.#remember(key, digest, make);
    exchange.sendJson(200, await answer, before && { 'Idempotent-Replayed': 'true' });
  }

  #remembered(key: string): Remembered | undefined {
    const found = this.#keys.get(key);
    if (found === undefined || this.#clock.now() - found.at < MEMORY) return found;
    this.#forget(key, found);
    return undefined;
  }

  #remember(key: string, digest: string, make: () => Promise<object>): Remembered {
    const made: Remembered = {
      digest,
      answer: make(),
      at: this.#clock.now(),
      bytes: key.length + digest.length,
    };
    this.#bytes += made.bytes;
    this.#keys.set(key, made);
    made.answer.then(
      (answer) => {
        if (this.#keys.get(key) !== made) return;
        const { length } = JSON.stringify(answer);
        made.bytes += length;
        this.#bytes += length;
        this.#makeRoom();
      },
      () => this.#forget(key, made),
    );
    this.#makeRoom();
    return made;
  }

  #makeRoom(): void {
    for (const [key, oldest] of this.#keys) {
      if (this.#keys.size <= MAX_KEYS && this.#bytes <= MAX_BYTES) return;
      this.#forget(key, oldest);
    }
  }

  #forget(key: string, which: Remembered): void {
    if (this.#keys.get(key) !== which) return;
    this.#keys.delete(key);
    this.#bytes -= which.bytes;
  }
}
