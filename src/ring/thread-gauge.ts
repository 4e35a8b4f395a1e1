import type { DatabaseCounts } from '../base/thread-databases.js';
import { SECONDS, bucketsLength, countValue } from './bucket-counts.js';

/*
 * What a worker thread shows of itself in shared memory, so that the main thread can tell how it is without asking, and
 * what it was doing after it has died. Int32 words:
 *
 *    0 beats       goes on as long as the thread's event loop does
 *    1 started     events whose handling began          2 done       … and ended
 *    3 errors      handlers that threw or rejected      4 pending    handlers that wait for a promise
 *    5 heap        KiB of JavaScript heap in use        6 external   KiB outside of it
 *    7 thread      the thread's number in its process
 *    8 databases   how many it uses; of all of them together:
 *    9 open        connections                         10 busy, 11 waiting, 12 slow, 13 errors (base/thread-databases.ts)
 *   14 refused     messages with names that did not fit
 *   15 …           table of events that are being handled, ENTRY words each:
 *                  command (0: free), ip, port, connection id. The first is the handler that runs synchronously.
 *
 * Behind them doubles, in seconds:
 *
 *    0 active      how long its event loop was not idle
 *    1 …           how long handlers took, and after that how late its event loop came round (ring/bucket-counts.ts)
 *
 * One thread writes. The words that another thread reads while this one lives are stored with Atomics; the table is read
 * of a dead thread, or of one that is stuck, for which plain stores do. So they do for the doubles: a look that comes a
 * moment too early finds them in the next.
 */

const BEATS = 0;
const STARTED = 1;
const DONE = 2;
const ERRORS = 3;
const PENDING = 4;
const HEAP = 5;
const EXTERNAL = 6;
const THREAD = 7;
const DATABASES = 8;
const DATABASE_COUNTS = ['open', 'busy', 'waiting', 'slow', 'errors'] as const;
const REFUSED = 14;
const TABLE = 15;
const ENTRY = 4;
/** Pending handlers beyond so many are counted and not named. */
const ENTRIES = 128;
const WORDS = TABLE + ENTRIES * ENTRY;
/** Where the doubles begin, in bytes. */
const WORDS_END = Math.ceil(WORDS / 2) * 8;
const ACTIVE = 0;
const BUCKETS = bucketsLength(SECONDS);
const DOUBLES = 1 + 2 * BUCKETS;

/** Milliseconds between two beats of a thread that is well: well below the shortest processTimeout. */
export const BEAT = 250;

/** An event that is being handled. */
export interface RunningEvent {
  readonly command: number;
  readonly localIp: number;
  readonly localPort: number;
  readonly connectionId: number;
}

export class ThreadGauge {
  readonly shared: SharedArrayBuffer;
  readonly #words: Int32Array;
  readonly #active: Float64Array;
  /** How long handlers took, and how late its event loop came round: ring/bucket-counts.ts, with the bounds SECONDS. */
  readonly durations: Float64Array;
  readonly delays: Float64Array;
  #free = Array.from({ length: ENTRIES - 1 }, (_, index) => ENTRIES - 1 - index);

  constructor(shared: SharedArrayBuffer = new SharedArrayBuffer(WORDS_END + DOUBLES * 8)) {
    this.shared = shared;
    this.#words = new Int32Array(shared, 0, WORDS);
    const doubles = new Float64Array(shared, WORDS_END, DOUBLES);
    this.#active = doubles.subarray(ACTIVE, ACTIVE + 1);
    this.durations = doubles.subarray(1, 1 + BUCKETS);
    this.delays = doubles.subarray(1 + BUCKETS);
  }

  // ---- the thread itself ----

  /** The thread lives, and this is what it takes, in bytes. */
  beat(thread: number, heap: number, external: number): void {
    Atomics.store(this.#words, THREAD, thread);
    Atomics.store(this.#words, HEAP, heap / 1024);
    Atomics.store(this.#words, EXTERNAL, external / 1024);
    Atomics.add(this.#words, BEATS, 1);
  }

  /** Its event loop has come round, so many seconds after it should have, and was not idle for so many in all. */
  cameRound(delay: number, active: number): void {
    countValue(this.delays, SECONDS, delay);
    this.#active[0] = active;
  }

  /** What its databases do, all together. */
  showDatabases(count: number, counts: DatabaseCounts): void {
    for (const [index, name] of DATABASE_COUNTS.entries()) {
      Atomics.store(this.#words, DATABASES + 1 + index, counts[name]);
    }
    Atomics.store(this.#words, DATABASES, count);
  }

  /** A handler is about to be called. */
  begin(event: RunningEvent): void {
    this.#write(0, event);
    Atomics.store(this.#words, STARTED, this.#words[STARTED] + 1);
  }

  /** The handler has returned, and is done. */
  end(): void {
    this.#words[TABLE] = 0;
    Atomics.store(this.#words, DONE, this.#words[DONE] + 1);
  }

  /** The handler has returned a promise. @returns its place, for {@link settle} */
  suspend(event: RunningEvent): number {
    this.#words[TABLE] = 0;
    const place = this.#free.pop() ?? 0;
    if (place > 0) this.#write(place, event);
    Atomics.store(this.#words, PENDING, this.#words[PENDING] + 1);
    return place;
  }

  /** The promise has settled. */
  settle(place: number): void {
    if (place > 0) {
      this.#words[TABLE + place * ENTRY] = 0;
      this.#free.push(place);
    }
    Atomics.store(this.#words, PENDING, this.#words[PENDING] - 1);
    Atomics.store(this.#words, DONE, this.#words[DONE] + 1);
  }

  /** A handler is done that took so many seconds. */
  took(seconds: number): void {
    countValue(this.durations, SECONDS, seconds);
  }

  /** A handler threw or rejected. */
  fail(): void {
    Atomics.store(this.#words, ERRORS, this.#words[ERRORS] + 1);
  }

  /** A message with a name was not taken. */
  refuse(): void {
    Atomics.store(this.#words, REFUSED, this.#words[REFUSED] + 1);
  }

  // ---- whoever looks at it ----

  get beats(): number {
    return Atomics.load(this.#words, BEATS);
  }

  get done(): number {
    return Atomics.load(this.#words, DONE) >>> 0;
  }

  get errors(): number {
    return Atomics.load(this.#words, ERRORS) >>> 0;
  }

  get refused(): number {
    return Atomics.load(this.#words, REFUSED) >>> 0;
  }

  get pending(): number {
    return Atomics.load(this.#words, PENDING);
  }

  /** Events begun and not done. */
  get unfinished(): number {
    return (Atomics.load(this.#words, STARTED) - Atomics.load(this.#words, DONE)) >>> 0;
  }

  get thread(): number {
    return Atomics.load(this.#words, THREAD);
  }

  /** Bytes. */
  get heap(): number {
    return Atomics.load(this.#words, HEAP) * 1024;
  }

  /** Bytes. */
  get external(): number {
    return Atomics.load(this.#words, EXTERNAL) * 1024;
  }

  /** Seconds. */
  get active(): number {
    return this.#active[0];
  }

  /** What its databases do, all together; undefined when it has never used one. */
  get databases(): DatabaseCounts | undefined {
    if (Atomics.load(this.#words, DATABASES) === 0) return undefined;
    const [open, busy, waiting, slow, errors] = DATABASE_COUNTS.map((_, index) =>
      Atomics.load(this.#words, DATABASES + 1 + index),
    );
    return { open, busy, waiting, slow, errors };
  }

  /** The event whose handler runs right now, if one does. */
  get running(): RunningEvent | undefined {
    return this.#read(0);
  }

  /** Events begun and not done, as far as there was room to name them: the one that runs first. */
  get events(): RunningEvent[] {
    return Array.from({ length: ENTRIES }, (_, place) => this.#read(place)).filter(
      (event) => event !== undefined,
    );
  }

  #write(place: number, event: RunningEvent): void {
    const at = TABLE + place * ENTRY;
    this.#words[at] = event.command;
    this.#words[at + 1] = event.localIp;
    this.#words[at + 2] = event.localPort;
    this.#words[at + 3] = event.connectionId;
  }

  #read(place: number): RunningEvent | undefined {
    const at = TABLE + place * ENTRY;
    const command = Atomics.load(this.#words, at);
    if (command === 0) return undefined;
    return {
      command,
      localIp: this.#words[at + 1] >>> 0,
      localPort: this.#words[at + 2],
      connectionId: this.#words[at + 3] >>> 0,
    };
  }
}
