import { mkdir, readFile, writeFile } from 'node:fs/promises';
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

/** What went wrong for a server, which then has no figures of that round. */
export interface Failure {
  readonly scenario: string;
  readonly server: string;
  readonly round: number;
  readonly error: string;
}

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly kernel: string;
  readonly node: string;
}

/** Who was measured, by name. */
export interface Field {
  readonly ours: string;
  readonly peers: readonly string[];
  readonly ceiling: string;
}

export interface Results {
  readonly startedAt: string;
  readonly machine: Machine;
  /** Runnable processes, mean over one minute, before the run: what else the machine was doing. */
  readonly loadBefore: number;
  readonly effort: Effort;
  readonly field: Field;
  readonly samples: readonly Sample[];
  readonly failures: readonly Failure[];
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

/** One server's values of one figure, by round. */
export function valuesOf(
  samples: readonly Sample[],
  scenario: string,
  server: string,
  key: string,
): Map<number, number> {
  return new Map(
    samples
      .filter((sample) => sample.scenario === scenario && sample.server === server && key in sample.figures)
      .map(({ round, figures }) => [round, figures[key]]),
  );
}

/** @returns the file's path */
export async function writeResults(results: Results): Promise<string> {
  await mkdir(FOLDER, { recursive: true });
  const path = join(FOLDER, `${results.startedAt.replaceAll(':', '-')}.json`);
  await writeFile(path, `${JSON.stringify(results, undefined, 2)}\n`);
  return path;
}

/** @throws what is wrong with the file */
export async function readResults(path: string): Promise<Results> {
  const expected = 'expected results of npm run bench, such as it leaves in bench/results';
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw new Error(`${path} cannot be read: ${(error as Error).message}; ${expected}`, { cause: error });
  }
  let results: unknown;
  try {
    results = JSON.parse(text);
  } catch (error) {
    throw new Error(`${path} is not JSON: ${(error as Error).message}; ${expected}`, { cause: error });
  }
  if (!isResults(results)) throw new Error(`${path} is JSON of another kind; ${expected}`);
  return results;
}

/** As far as a file of something else can be told from one of {@link writeResults}. */
function isResults(value: unknown): value is Results {
  const { startedAt, machine, loadBefore, effort, field, samples, failures } = (value ??
    {}) as Partial<Results>;
  return (
    typeof startedAt === 'string' &&
    typeof loadBefore === 'number' &&
    typeof machine?.cpu === 'string' &&
    typeof effort?.rounds === 'number' &&
    typeof field?.ours === 'string' &&
    Array.isArray(field.peers) &&
    Array.isArray(samples) &&
    Array.isArray(failures)
  );
}

/** Those of some scenarios only. */
export function selected(results: Results, names: readonly string[]): Results {
  const wanted = ({ scenario }: { readonly scenario: string }): boolean => names.includes(scenario);
  return { ...results, samples: results.samples.filter(wanted), failures: results.failures.filter(wanted) };
}
