import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const present = new Set<string>();

process.on('exit', () => {
  // what was writing there has just been killed: something may come in between
  for (const folder of present) rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
});

/** A folder that is gone when this process is, unless that is killed. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'gatewayworker-bench-'));
  present.add(folder);
  return folder;
}

export async function removeFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  present.delete(folder);
}
