import { getEnvironmentData, setEnvironmentData } from 'node:worker_threads';

/*
 * Which thread has a room's loop, in memory that a game's threads share, one word a room: 0 for none. Two words come first:
 * how often something was not as it has to be, and the thread that has died without a word.
 */

const KEY = 'game-floor';
const FAULTS = 0;
const DEAD = 1;
const ROOMS = 2;

/** Shared between a test and the threads of a game: whether each room has one loop at any time. */
export class GameFloor {
  readonly #words: Int32Array;

  private constructor(shared: SharedArrayBuffer) {
    this.#words = new Int32Array(shared);
  }

  /** For the threads that are started from now on. */
  static create(rooms: number): GameFloor {
    const shared = new SharedArrayBuffer((ROOMS + rooms) * 4);
    setEnvironmentData(KEY, shared);
    return new GameFloor(shared);
  }

  /** In a game's thread. */
  static find(): GameFloor {
    return new GameFloor(getEnvironmentData(KEY) as SharedArrayBuffer);
  }

  /** How often a loop was not the only one. */
  get faults(): number {
    return Atomics.load(this.#words, FAULTS);
  }

  /** A thread begins a room's loop: nobody else has it, but for one that is dead. */
  begin(room: number, thread: number): void {
    const before = Atomics.exchange(this.#words, ROOMS + room, thread);
    this.#expect(before === 0 || before === Atomics.load(this.#words, DEAD));
  }

  /** A loop goes round: it is still this thread's. */
  look(room: number, thread: number): void {
    this.#expect(Atomics.load(this.#words, ROOMS + room) === thread);
  }

  /** A thread ends a room's loop. */
  end(room: number, thread: number): void {
    this.#expect(Atomics.compareExchange(this.#words, ROOMS + room, thread, 0) === thread);
  }

  /** This thread is about to die, with its loops. */
  die(thread: number): void {
    Atomics.store(this.#words, DEAD, thread);
  }

  #expect(right: boolean): void {
    if (!right) Atomics.add(this.#words, FAULTS, 1);
  }
}
