import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import type { Effect } from './scene.js';
import { type Step, title } from './steps.js';

/**
 * One test for each step: what it did where a part of ours took part is what it did in a cluster of PHP alone.
 *
 * @param reference plays the steps in a cluster of PHP alone
 * @param play plays them where a part of ours takes part
 * @param expected what is to come where PHP alone did something; default: the very same
 */
export function compare(
  name: string,
  steps: readonly Step[],
  { reference, play, expected }: {
    readonly reference: (steps: readonly Step[]) => Promise<readonly Effect[]>;
    readonly play: (steps: readonly Step[]) => Promise<readonly Effect[]>;
    readonly expected?: (step: Step, effect: Effect) => Effect;
  },
): void {
  describe(name, () => {
    let inPhp: readonly Effect[] = [];
    let played: readonly Effect[] = [];

    before(async () => {
      inPhp = await reference(steps);
      played = await play(steps);
    });

    for (const [index, step] of steps.entries()) {
      it(title(step), () => {
        assert.ok(inPhp[index] && played[index]);
        assert.deepEqual(played[index], expected?.(step, inPhp[index]) ?? inPhp[index]);
      });
    }
  });
}
