import { cpuSeconds } from './process-usage.js';

/** A stretch of time, what was counted in it, and who worked. */
export interface Window {
  readonly perSecond: number;
  /** Processor time of the server for each, in microseconds: tells more than the rate does where others use the machine too. */
  readonly serverCpu: number;
  /** Share of one core that this process used: at 100 the load generator itself was the limit. */
  readonly loadPercent: number;
}

/** Begins to measure. @returns what ends it, given how much was counted since */
export function openWindow(serverPids: readonly number[]): (counted: number) => Window {
  const start = performance.now();
  const own = process.cpuUsage();
  const server = cpuSeconds(serverPids);
  return (counted) => {
    const elapsed = (performance.now() - start) / 1000;
    const { user, system } = process.cpuUsage(own);
    return {
      perSecond: counted / elapsed,
      serverCpu: ((cpuSeconds(serverPids) - server) * 1e6) / counted,
      loadPercent: ((user + system) / 1e6 / elapsed) * 100,
    };
  };
}

/** Resolves when `done` says so; looks often. @throws after `limit` seconds, with what `missing` says */
export async function until(done: () => boolean, limit: number, missing: () => string): Promise<void> {
  const deadline = performance.now() + limit * 1000;
  while (!done()) {
    if (performance.now() > deadline) throw new Error(`after ${limit} s ${missing()}`);
    await seconds(0.01);
  }
}

export async function seconds(count: number): Promise<void> {
  await new Promise<void>((resolve) => void setTimeout(resolve, count * 1000));
}
