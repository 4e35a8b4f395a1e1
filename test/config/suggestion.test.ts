import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { assert as check, property, string } from 'fast-check';
import { editDistance, suggestion } from '#src/config/suggestion.js';

describe('editDistance', () => {
  it('counts insertions, deletions, replacements and swaps of neighbours', () => {
    assert.equal(editDistance('', 'abc'), 3);
    assert.equal(editDistance('abc', ''), 3);
    assert.equal(editDistance('kitten', 'sitting'), 3);
    assert.equal(editDistance('port', 'prot'), 1);
    assert.equal(editDistance('pingIntervall', 'pingInterval'), 1);
  });

  it('is 0 for equal words only, symmetric, and at most the longer length', () => {
    check(
      property(string({ maxLength: 12 }), string({ maxLength: 12 }), (left, right) => {
        const distance = editDistance(left, right);
        assert.equal(distance === 0, left === right);
        assert.equal(distance, editDistance(right, left));
        assert.ok(distance <= Math.max(left.length, right.length));
        assert.ok(distance >= Math.abs(left.length - right.length));
      }),
    );
  });
});

describe('suggestion', () => {
  const candidates = ['listen', 'lanIp', 'lanPort', 'pingInterval', 'pingData'];

  it('finds the closest candidate, whatever the case', () => {
    assert.equal(suggestion('lisen', candidates), 'listen');
    assert.equal(suggestion('LANIP', candidates), 'lanIp');
    assert.equal(suggestion('lanProt', candidates), 'lanPort');
    assert.equal(suggestion('pingDate', candidates), 'pingData');
  });

  it('finds nothing for another word', () => {
    assert.equal(suggestion('colour', candidates), undefined);
    assert.equal(suggestion('', candidates), undefined);
    assert.equal(suggestion('x'.repeat(100_000), candidates), undefined);
  });
});
