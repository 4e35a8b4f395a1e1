import type { Worker } from 'node:worker_threads';
import { type Clock, systemClock, withinTime } from '../base/clock.js';
import { pause } from '../ring/pause.js';
import { BEAT, type ThreadGauge } from '../ring/thread-gauge.js';

/** Milliseconds within which a thread whose event loop turns has shown it, twice over. */
const TURN_TIME = 2 * BEAT + 100;
const LOOK_TIME = 25;

/**
 * The threads of this process that have not ended. `process.exit` waits for each of them, and one that is in a system call
 * may never come back: then only the kernel can end the process.
 */
class LivingThreads {
  readonly #threads = new Map<Worker, { readonly gauge: ThreadGauge; readonly ended: Promise<unknown> }>();

  /** A thread was started. It keeps the process alive. */
  add(worker: Worker, gauge: ThreadGauge): void {
    worker.ref();
    const ended = new Promise<void>((resolve) => {
      worker.once('exit', () => {
        this.#threads.delete(worker);
        resolve();
      });
    });
    this.#threads.set(worker, { gauge, ended });
  }

  /** Ends them all. @returns whether they have ended within so many milliseconds */
  async end(timeout: number, clock: Clock = systemClock): Promise<boolean> {
    for (const worker of this.#threads.keys()) void worker.terminate();
    return await this.gone(timeout, clock);
  }

  /** Resolves when all have ended, or the time (milliseconds) is over. @returns whether they have ended */
  async gone(timeout: number, clock: Clock): Promise<boolean> {
    const threads = [...this.#threads.values()];
    await withinTime(clock, timeout, Promise.all(threads.map(({ ended }) => ended)));
    return this.#threads.size === 0;
  }

  /**
   * Whether one of them would keep the process from exiting. For `process.on('exit')`, where nothing but waiting is left
   * to do: a thread that runs shows it soon, and one that has not begun runs nobody's code.
   */
  get blocked(): boolean {
    const deadline = performance.now() + TURN_TIME;
    const seen = Array.from(this.#threads.values(), ({ gauge }) => ({ gauge, beats: gauge.beats }));
    for (;;) {
      if (seen.every(({ gauge, beats }) => beats === 0 || gauge.beats !== beats)) return false;
      if (performance.now() > deadline) return true;
      pause(LOOK_TIME);
    }
  }
}

export const livingThreads = new LivingThreads();
