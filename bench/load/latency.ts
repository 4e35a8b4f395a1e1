import { createHistogram } from 'node:perf_hooks';
import type { Figures } from './orders.js';

/** How long answers took, while it is being recorded. Times in milliseconds. */
export class Latency {
  recording = false;
  // nanoseconds: the histogram takes whole numbers
  readonly #histogram = createHistogram();

  record(milliseconds: number): void {
    if (this.recording) this.#histogram.record(Math.max(1, Math.round(milliseconds * 1e6)));
  }

  get figures(): Figures {
    return {
      p50: this.#histogram.percentile(50) / 1e6,
      p99: this.#histogram.percentile(99) / 1e6,
      slowest: this.#histogram.max / 1e6,
    };
  }
}
