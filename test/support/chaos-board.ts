import { getEnvironmentData, setEnvironmentData } from 'node:worker_threads';

/*
 * What became of every numbered message, in memory that outlives the threads: a byte per message, of which the low four
 * bits count how often a handler began with it, and the high four how often one was done. Two words come first: one
 * counts onClose, at the other threads can be blocked.
 */

const KEY = 'chaos-board';
const CLOSES = 0;
const BARRIER = 1;
const TABLE = 8;
const DONE = 16;

/** Shared between a test and the handlers of a node in the same process. */
export class ChaosBoard {
  readonly #bytes: Uint8Array;
  readonly #words: Int32Array;
  readonly #perClient: number;

  private constructor(shared: SharedArrayBuffer, perClient: number) {
    this.#bytes = new Uint8Array(shared);
    this.#words = new Int32Array(shared, 0, 2);
    this.#perClient = perClient;
  }

  /** A board for the threads that are started from now on. @param perClient messages that each client may send */
  static create(clients: number, perClient: number): ChaosBoard {
    const shared = new SharedArrayBuffer(TABLE + clients * perClient);
    setEnvironmentData(KEY, { shared, perClient });
    return new ChaosBoard(shared, perClient);
  }

  /** In a handler's thread: the board, if the test has one. */
  static find(): ChaosBoard | undefined {
    const found = getEnvironmentData(KEY) as { shared: SharedArrayBuffer; perClient: number } | undefined;
    return found && new ChaosBoard(found.shared, found.perClient);
  }

  begin(client: number, n: number): void {
    Atomics.add(this.#bytes, this.#at(client, n), 1);
  }

  end(client: number, n: number): void {
    Atomics.add(this.#bytes, this.#at(client, n), DONE);
  }

  /** How often a handler began with this message. */
  begun(client: number, n: number): number {
    return Atomics.load(this.#bytes, this.#at(client, n)) % DONE;
  }

  /** How often a handler was done with it. */
  ended(client: number, n: number): number {
    return Math.floor(Atomics.load(this.#bytes, this.#at(client, n)) / DONE);
  }

  /** A client's onClose ran. */
  close(): void {
    Atomics.add(this.#words, CLOSES, 1);
    Atomics.notify(this.#words, CLOSES);
  }

  get closes(): number {
    return Atomics.load(this.#words, CLOSES);
  }

  /** Resolves once it ran so many times. */
  async closed(count: number): Promise<void> {
    for (let closes = this.closes; closes < count; closes = this.closes) {
      await Atomics.waitAsync(this.#words, CLOSES, closes).value;
    }
  }

  /** Blocks the calling thread until {@link unblock}. */
  block(): void {
    Atomics.wait(this.#words, BARRIER, 0);
  }

  /** Lets blocked threads go on; none is blocked any more. */
  unblock(): void {
    Atomics.store(this.#words, BARRIER, 1);
    Atomics.notify(this.#words, BARRIER);
  }

  #at(client: number, n: number): number {
    if (n >= this.#perClient) throw new RangeError(`the board has no room for message ${n}`);
    return TABLE + client * this.#perClient + n;
  }
}
