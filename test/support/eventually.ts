import { setTimeout as sleep } from 'node:timers/promises';
import { LIMIT } from './inbox.js';

/** Milliseconds between two looks. */
const LOOK = 50;

/** Looks again and again until `look` has nothing to complain about; its last complaint when that takes too long. */
export async function eventually(look: () => Promise<void>): Promise<void> {
  const deadline = performance.now() + LIMIT;
  for (;;) {
    try {
      await look();
      return;
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
    await sleep(LOOK);
  }
}
