import { readFileSync } from 'node:fs';
import { TICKS, cpuSeconds } from './load/process-usage.js';

/** Cores that others may use while something is measured: with two cores a quarter of one is felt. */
const LIMIT = 0.25;

/** Whether anything but this process, and what it started, was using the machine. Linux only. */
export class Disturbance {
  #found = false;

  get found(): boolean {
    return this.#found;
  }

  /** Does the work, and watches the machine meanwhile. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    const began = performance.now();
    const before = others();
    const result = await work();
    const cores = (others() - before) / ((performance.now() - began) / 1000);
    if (cores > LIMIT) this.#found = true;
    return result;
  }
}

/** Seconds of processor time that did not go to this process and what it started, since the machine started. */
function others(): number {
  const fields = readFileSync('/proc/stat', 'latin1').split('\n', 1)[0].split(/\s+/).map(Number);
  // user, nice, system, idle, iowait, irq, softirq, steal: interrupts are mostly the network's, and so ours
  const [, user, nice, system, , , , , steal] = fields;
  return (user + nice + system + steal) / TICKS - cpuSeconds([process.pid]);
}
