import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PartialResultError, QUERY_DEADLINE_MILLISECONDS, PendingQueries } from '#src/api/pending-queries.js';
import type { GatewayAddress } from '#src/wire/client-id.js';
import { ManualClock } from '#src/testing/manual-clock.js';

const A = { ip: 0x7f000001, port: 2900 };
const B = { ip: 0x7f000001, port: 2901 };
/** By the ids of what they were asked. */
const BOTH: ReadonlyMap<number, GatewayAddress> = new Map([
  [1, A],
  [2, B],
]);

describe('queries that wait for their answers', () => {
  it('settles when every gateway has answered, in whatever order', async () => {
    const requests = new PendingQueries(new ManualClock());
    const both = requests.expect(BOTH);
    const one = requests.expect(new Map([[3, A]]));
    requests.answer(3, 'three');
    requests.answer(2, 'two');
    assert.deepEqual(await one, { answers: [{ gateway: A, value: 'three' }], missing: [] });
    requests.answer(1, 'one');
    assert.deepEqual(await both, {
      answers: [
        { gateway: B, value: 'two' },
        { gateway: A, value: 'one' },
      ],
      missing: [],
    });
    assert.equal(requests.size, 0);
  });

  it('gives up after the deadline, with what there is and who is missing; a late answer is ignored', async () => {
    const clock = new ManualClock();
    const requests = new PendingQueries(clock);
    const first = requests.expect(BOTH);
    clock.advance(QUERY_DEADLINE_MILLISECONDS - 1);
    const second = requests.expect(new Map([[3, B]]));
    requests.answer(1, 'one');
    clock.advance(1);
    assert.deepEqual(await first, { answers: [{ gateway: A, value: 'one' }], missing: [B] });
    requests.answer(2, 'too late');
    assert.equal(requests.size, 1);
    clock.advance(QUERY_DEADLINE_MILLISECONDS - 1);
    assert.deepEqual(await second, { answers: [], missing: [B] });
    assert.equal(requests.size, 0);
    assert.equal(clock.timers, 0);
  });

  it('gives up at once on gateways that are down, or go down', async () => {
    const clock = new ManualClock();
    const requests = new PendingQueries(clock);
    assert.deepEqual(await requests.expect(new Map(), [A]), { answers: [], missing: [A] });
    const both = requests.expect(BOTH);
    const one = requests.expect(new Map([[3, B]]), [A]);
    requests.lost(B);
    assert.deepEqual(await one, { answers: [], missing: [A, B] });
    requests.answer(2, 'too late');
    requests.answer(1, 'one');
    assert.deepEqual(await both, { answers: [{ gateway: A, value: 'one' }], missing: [B] });
    assert.equal(requests.size, 0);
  });

  it('gives up at once on an answer that cannot be read, and on no other one', async () => {
    const requests = new PendingQueries(new ManualClock());
    const both = requests.expect(BOTH);
    requests.fail(2);
    requests.fail(7);
    requests.answer(1, 'one');
    assert.deepEqual(await both, { answers: [{ gateway: A, value: 'one' }], missing: [B] });
    assert.equal(requests.size, 0);
  });

  it('no gateway, no wait; closing settles what waits', async () => {
    const clock = new ManualClock();
    const requests = new PendingQueries(clock);
    assert.deepEqual(await requests.expect(new Map()), { answers: [], missing: [] });
    const waiting = requests.expect(new Map([[1, A]]));
    requests.close();
    assert.deepEqual(await waiting, { answers: [], missing: [A] });
    assert.equal(clock.timers, 0);
  });

  it('the error names call, gateways and deadline, and holds the partial result', () => {
    const error = new PartialResultError('getAllUidList', ['ann'], [A, B]);
    assert.equal(error.code, 'GW_TIMEOUT');
    assert.deepEqual(error.partial, ['ann']);
    assert.deepEqual(error.missing, ['127.0.0.1:2900', '127.0.0.1:2901']);
    assert.match(
      error.message,
      /getAllUidList was not answered by 127\.0\.0\.1:2900, 127\.0\.0\.1:2901 within 5 s/,
    );
  });
});
