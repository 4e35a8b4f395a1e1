import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const RUN = fileURLToPath(new URL('../../dist-bench/simulation/run.js', import.meta.url));
const NODES = 40;
const CELLS = 4;
const SMALL = ['--nodes', `${NODES}`, '--cells', `${CELLS}`, '--clients', '20000'];

interface Outcome {
  readonly namesANode: number;
  readonly buckets: readonly { readonly buckets: number; readonly subjectsANode: number }[];
  readonly sorts: readonly {
    readonly title: string;
    readonly members: number;
    readonly cellMembers: number;
    readonly meshFrames: number;
    readonly deliveries: readonly {
      readonly buckets: number;
      readonly all: number;
      readonly ownCell: number;
      readonly nobody: number;
    }[];
  }[];
  readonly marks: readonly { readonly perSecond: number; readonly marks: number }[];
}

async function simulate(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [RUN, ...args]);
  return stdout;
}

it('the simulation of a whole comes to what chance would, and to the same each time', async () => {
  const [first, again] = await Promise.all([simulate(...SMALL, '--json'), simulate(...SMALL, '--json')]);
  assert.equal(again, first);
  const { namesANode, buckets, sorts, marks } = JSON.parse(first) as Outcome;

  for (const { buckets: count, subjectsANode } of buckets) {
    near(subjectsANode, count * taken(namesANode, count), 0.02, `subjects with ${count} buckets`);
  }
  for (const { title, members, cellMembers, meshFrames, deliveries } of sorts) {
    assert.ok(meshFrames >= cellMembers, `${title}: a member in the cell is missed`);
    const wanted = deliveries.map(({ all, ownCell, nobody }) => all - ownCell - nobody);
    for (const each of wanted) near(each, wanted[0], 1e-9, title);
    assert.ok(wanted[0] + cellMembers <= members, `${title}: more nodes than have members`);
  }
  const [uids] = sorts;
  const elsewhere = NODES - NODES / CELLS;
  for (const { buckets: count, nobody } of uids.deliveries.slice(0, 2)) {
    const others = elsewhere - (uids.members * elsewhere) / NODES;
    near(nobody, others * taken(namesANode, count), 0.15, `deliveries with ${count} buckets`);
  }
  for (const { perSecond, marks: each } of marks) assert.ok(each > 0 && each <= 1, `${perSecond}: ${each}`);
});

it('the simulation says what it does not understand', async () => {
  await assert.rejects(simulate('--nodes', 'many'), { code: 2, stderr: /--nodes is many; expected a whole/ });
  await assert.rejects(simulate('--nodes', '3', '--cells', '2'), { code: 2, stderr: /two nodes or more/ });
});

/** The share of so many buckets that so many names take. */
function taken(names: number, buckets: number): number {
  return 1 - (1 - 1 / buckets) ** names;
}

function near(found: number, expected: number, tolerance: number, what: string): void {
  assert.ok(Math.abs(found - expected) <= expected * tolerance, `${what}: ${found}; expected ${expected}`);
}
