import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Drawer, hashOf, highest } from '#src/gateway/rendezvous.js';

const KEYS = Array.from({ length: 10_000 }, (_, n) => `room-${n}`);

/** Names as slots have them. */
function drawers(count: number): Drawer[] {
  return Array.from({ length: count }, (_, n) => {
    const name = `node-${n >> 2}:${n & 3}`;
    return { name, hash: hashOf(name) };
  });
}

function owners(workers: readonly Drawer[], keys = KEYS): string[] {
  return keys.map((key) => highest(key, workers)?.name ?? '');
}

describe('rendezvous hashing', () => {
  for (const count of [2, 3, 16, 64]) {
    it(`gives each of ${count} workers about as many keys`, () => {
      const workers = drawers(count);
      for (const keys of [
        KEYS,
        KEYS.map((_, n) => String(n)),
        KEYS.map((_, n) => `${n}`.padStart(20, '0')),
      ]) {
        const counts = new Map(workers.map(({ name }) => [name, 0]));
        for (const name of owners(workers, keys)) counts.set(name, (counts.get(name) ?? 0) + 1);
        const fair = keys.length / count;
        // five standard deviations of what chance would do
        const slack = 5 * Math.sqrt(fair);
        for (const [name, owned] of counts) {
          assert.ok(Math.abs(owned - fair) < slack, `${name} owns ${owned} of ${keys.length} keys`);
        }
      }
    });
  }

  it('moves only the keys that a worker who comes gets, and those that one who goes had', () => {
    const workers = drawers(8);
    const before = owners(workers);
    const [gone, ...left] = workers;
    for (const [index, name] of owners(left).entries()) {
      if (before[index] !== gone.name) assert.equal(name, before[index], KEYS[index]);
    }
    const moved = before.filter((name) => name === gone.name).length;
    assert.ok(moved > 1000 && moved < 1500, `${moved} of ${KEYS.length} moved`);
  });

  it('does not depend on the order in which workers are known, nor on two of one hash', () => {
    const workers = [...drawers(8), { name: 'twin-b', hash: 7 }, { name: 'twin-a', hash: 7 }];
    assert.deepEqual(owners(workers), owners(workers.toReversed()));
    assert.equal(highest('x', [workers[8], workers[9]])?.name, 'twin-a');
    assert.ok(!owners(workers).includes('twin-b'));
  });

  it('says so when there is nobody, and takes the only one there is', () => {
    assert.equal(highest('room', []), undefined);
    assert.equal(highest('', drawers(1))?.name, 'node-0:0');
  });
});
