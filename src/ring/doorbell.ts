/*
 * Wakes one sleeping thread. Shared words: [signal, sleeping].
 *
 *   sleeper                                        ringer
 *   1 sleeping = 1                                 1 publishes its work
 *   2 looks for work once more; if there is some,  2 if sleeping: sleeping = 0,
 *     sleeping = 0 and on with it                      signal += 1, notify
 *   3 waits until signal changes
 *
 * Either the sleeper sees the work in its step 2, or the ringer sees that it sleeps: both store before they load, and
 * Atomics order the two. So a busy thread is never notified, and a sleeping one once per batch.
 */

const SIGNAL = 0;
const SLEEPING = 1;

/** One per thread, however many rings it serves. This and the rings are the only places that touch Atomics. */
export class Doorbell {
  readonly shared: SharedArrayBuffer;
  readonly #words: Int32Array;
  #closed = false;

  constructor(shared: SharedArrayBuffer = new SharedArrayBuffer(8)) {
    this.shared = shared;
    this.#words = new Int32Array(shared);
  }

  /** Wakes the thread that sleeps on this doorbell, if it does. Cheap when it does not. */
  ring(): void {
    if (Atomics.load(this.#words, SLEEPING) === 0) return;
    if (Atomics.exchange(this.#words, SLEEPING, 0) === 0) return;
    Atomics.add(this.#words, SIGNAL, 1);
    Atomics.notify(this.#words, SIGNAL);
  }

  /**
   * Serves a thread's event loop: calls `work` now, whenever somebody rings, and again as long as it says that it did
   * something (between other I/O). Waiting does not keep the thread alive.
   *
   * @param work does a bounded batch and tells whether there was any
   */
  serve(work: () => boolean): void {
    const round = (): void => {
      if (this.#closed) return;
      if (work()) {
        setImmediate(round);
        return;
      }
      const signal = Atomics.load(this.#words, SIGNAL);
      Atomics.store(this.#words, SLEEPING, 1);
      if (work()) {
        Atomics.store(this.#words, SLEEPING, 0);
        setImmediate(round);
        return;
      }
      const rung = Atomics.waitAsync(this.#words, SIGNAL, signal);
      if (rung.async) void rung.value.then(round);
      else setImmediate(round);
    };
    round();
  }

  /** Ends {@link serve}, on the thread that called it. */
  close(): void {
    this.#closed = true;
    this.ring();
  }
}
