import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';

/** Runs test files through node's runner. @param concurrency files at a time @returns the exit status */
export function runTests(files: readonly string[], concurrency: number): number {
  // without files the runner would look for some
  if (files.length === 0) return 0;
  const options = [
    '--enable-source-maps',
    '--test',
    `--test-concurrency=${concurrency}`,
    '--test-timeout=300000',
  ];
  const { status } = spawnSync(process.execPath, [...options, ...files], { stdio: 'inherit' });
  return status ?? 1;
}

/** Files at a time, of those that do not mind neighbours: one more than there are cores, since each waits now and then. */
export const CONCURRENCY = Math.min(4, availableParallelism() + 1);
