import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Backoff, type BackoffOptions } from '#src/base/backoff.js';

const options: BackoffOptions = { first: 1000, last: 10_000, jitter: [0.75, 1.25] };

describe('waits between attempts to reach a gateway', () => {
  it('double from one second to ten, and begin anew once it was reached', () => {
    const backoff = new Backoff(options, () => 0.5);
    assert.deepEqual(
      Array.from({ length: 6 }, () => backoff.next()),
      [1000, 2000, 4000, 8000, 10_000, 10_000],
    );
    backoff.reset();
    assert.equal(backoff.next(), 1000);
  });

  it('are a quarter shorter or longer by chance', () => {
    assert.equal(new Backoff(options, () => 0).next(), 750);
    assert.equal(new Backoff(options, () => 1).next(), 1250);
  });
});
