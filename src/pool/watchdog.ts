import { url as inspectorUrl } from 'node:inspector';
import type { Clock, Timer } from '../base/clock.js';
import { BEAT } from '../ring/thread-gauge.js';

/**
 * Notices a thread whose event loop stands still. Time counts only while this thread's own timers run, so that a machine
 * that was suspended, or a busy main thread, does not count against the worker; and not at all while a debugger may be at it.
 */
export class Watchdog {
  readonly #timer: Timer;

  /**
   * @param limit milliseconds
   * @param beats how often the thread's event loop came round
   * @param onStuck called once
   */
  constructor(clock: Clock, limit: number, beats: () => number, onStuck: (milliseconds: number) => void) {
    let lastBeats = beats();
    let lastLook = clock.now();
    let still = 0;
    this.#timer = clock.setInterval(() => {
      const now = clock.now();
      const elapsed = Math.min(now - lastLook, BEAT * 2);
      lastLook = now;
      // before its first beat a thread is not there yet
      if (beats() !== lastBeats || beats() === 0 || inspectorUrl() !== undefined) {
        lastBeats = beats();
        still = 0;
        return;
      }
      still += elapsed;
      if (still < limit) return;
      this.close();
      onStuck(still);
    }, BEAT);
  }

  close(): void {
    this.#timer.cancel();
  }
}
