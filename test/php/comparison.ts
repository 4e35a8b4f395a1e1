import assert from 'node:assert/strict';
import { it } from 'node:test';
import { type Keep, withParts } from './parts.js';
import type { Effect } from './scene.js';
import { type Step, title } from './steps.js';

/** Starts a cluster, performs steps in it and says what each did. */
type Play = (steps: readonly Step[], keep: Keep) => Promise<readonly Effect[]>;

interface Comparison {
  /** In a cluster of PHP alone. */
  readonly reference: Play;
  /** Where a part of ours takes part. */
  readonly play: Play;
  /** What is to come where PHP alone did something; default: the very same. */
  readonly expected?: (step: Step, effect: Effect) => Effect;
}

/** One test for each step: where a part of ours takes part it does what it does in a cluster of PHP alone. */
export function compare(name: string, steps: readonly Step[], comparison: Comparison): void {
  const { reference, play, expected = (_, effect) => effect } = comparison;
  it(name, async (t) => {
    const inPhp = await withParts((keep) => reference(steps, keep));
    const played = await withParts((keep) => play(steps, keep));
    for (const [index, step] of steps.entries()) {
      await t.test(title(step), () => {
        assert.equal(inPhp[index].outcome.error, undefined, 'PHP alone refused the step');
        assert.deepEqual(played[index], expected(step, inPhp[index]));
      });
    }
  });
}
