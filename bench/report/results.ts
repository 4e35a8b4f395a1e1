import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Figures } from '../load/orders.js';
import type { Effort } from '../scenarios/scenario.js';

/** Kept out of the repository: figures of one machine on one day. */
const FOLDER = fileURLToPath(new URL('../../bench/results/', import.meta.url));

/** One server's figures of one scenario in one round. */
export interface Sample {
  readonly scenario: string;
  readonly server: string;
  readonly round: number;
  readonly figures: Figures;
}

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly kernel: string;
  readonly node: string;
}

export interface Results {
  readonly startedAt: string;
  readonly machine: Machine;
  /** Runnable processes, mean over one minute, before the run: what else the machine was doing. */
  readonly loadBefore: number;
  readonly effort: Effort;
  readonly samples: readonly Sample[];
}

export function thisMachine(): Machine {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.version,
  };
}

export function loadNow(): number {
  return loadavg()[0];
}

/** @returns the file's path */
export async function writeResults(results: Results): Promise<string> {
  await mkdir(FOLDER, { recursive: true });
  const path = join(FOLDER, `${results.startedAt.replaceAll(':', '-')}.json`);
  await writeFile(path, `${JSON.stringify(results, undefined, 2)}\n`);
  return path;
}
