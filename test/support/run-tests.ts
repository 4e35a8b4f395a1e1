import { spawnSync } from 'node:child_process';

/** Runs test files through node's runner, one at a time, since several of them measure. @returns the exit status */
export function runTests(files: readonly string[]): number {
  const options = ['--enable-source-maps', '--test', '--test-concurrency=1', '--test-timeout=300000'];
  const { status } = spawnSync(process.execPath, [...options, ...files], { stdio: 'inherit' });
  return status ?? 1;
}
