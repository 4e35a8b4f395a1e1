import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Generation } from '#src/pool/generation.js';
import { MemoryLimit } from '#src/pool/memory-limit.js';
import type { SlotReport } from '#src/pool/slot-report.js';
import { ManualClock } from '#src/testing/manual-clock.js';
import { turn } from '../support/gateway-scene.js';

it('a thread that is too large and cannot be replaced is tried again, less and less often', async () => {
  const clock = new ManualClock();
  const large = { gauge: { heap: 2, external: 0 } } as Generation;
  const attempts: number[] = [];
  const limit = new MemoryLimit({
    maxMemory: 1,
    clock,
    report: { tooLarge() {}, staysTooLarge() {} } as unknown as SlotReport,
    replace: async () => {
      attempts.push(clock.now());
      await Promise.reject(new Error('not now'));
    },
  });
  while (clock.now() < 20_000) {
    limit.look(large);
    await turn();
    clock.advance(250);
  }
  assert.deepEqual(attempts, [0, 1000, 3000, 7000, 15_000]);
});
