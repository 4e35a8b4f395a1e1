import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { BUCKETS, bucketOf, decodeName, encodeName } from '#src/backbone/subjects.js';

describe('names in subjects', () => {
  it('any name comes back, and is one part of a subject', () => {
    const name = fc.string({ unit: 'binary', minLength: 1 });
    fc.assert(
      fc.property(name, (text) => {
        const encoded = encodeName(text);
        assert.match(encoded, /^[A-Za-z0-9_%-]+$/);
        assert.equal(decodeName(`gatewayworker.group.${encoded}`), text);
      }),
    );
  });

  it('what is written otherwise is read all the same, and what is no name is none', () => {
    assert.equal(decodeName('p.group.%e4%BD%a0'), '你');
    assert.equal(decodeName("p.group.it's"), "it's");
    assert.equal(encodeName('a.b c*>'), 'a%2Eb%20c%2A%3E');
    for (const subject of ['p.group.', 'p.group.%', 'p.group.%ff'])
      assert.equal(decodeName(subject), undefined);
  });

  it('a name has the same bucket everywhere, uids and groups are apart, and buckets are about as full as others', () => {
    // what another node reckons, perhaps of another version
    assert.deepEqual(
      ['42', 'ünïcode 你好'].map((name) => [bucketOf('uid', name), bucketOf('group', name)]),
      GOLDEN,
    );
    // of neighbours, and of those with the same ending
    for (const part of [(bucket: number) => bucket & (PARTS - 1), (bucket: number) => bucket >>> 4]) {
      const counts = new Uint16Array(PARTS);
      for (let name = 0; name < PARTS * 8; name++) counts[part(bucketOf('uid', String(name)))]++;
      assert.ok(counts.every((count) => count < 40));
      assert.ok(counts.filter((count) => count === 0).length < PARTS / 100);
    }
  });
});

const PARTS = BUCKETS / 16;
const GOLDEN = [
  [797_885, 1_021_850],
  [362_326, 526_339],
];
