import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { ClientRecord } from '#src/gateway/client-record.js';
import { Directory } from '#src/gateway/directory.js';
import { type UidClaim, UidClaims } from '#src/gateway/uid-claims.js';
import { ManualClock } from '#src/testing/manual-clock.js';
import { FakeTransport } from '../support/fake-transport.js';

/** A gateway as far as uids go. */
class Desk {
  readonly clock = new ManualClock();
  readonly directory = new Directory();
  readonly claims = new UidClaims(this.directory, this.clock, (client) => idOf(client.id));

  come(id: number): ClientRecord {
    const client = new ClientRecord(id, new FakeTransport(), 0);
    this.directory.add(client);
    return client;
  }

  /** What a claim does: who loses is gone. @returns their ids */
  claim(claim: UidClaim): string[] {
    const client = [...this.directory.clients()].find(({ id }) => idOf(id) === claim.clientId);
    const losers = this.claims.add(claim, client);
    for (const loser of losers) this.directory.remove(loser);
    return losers.map(({ id }) => idOf(id));
  }

  get holders(): string[] {
    return Array.from(this.directory.withUid('ann'), ({ id }) => idOf(id));
  }
}

function idOf(id: number): string {
  return `c${id}`;
}

function claimOf(id: number, at: number): UidClaim {
  return { uid: 'ann', clientId: idOf(id), at };
}

describe('claims to a uid', () => {
  it('of many at once, at three gateways, in whatever order they arrive at each: the newest stays, alone', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ at: fc.nat(5), desk: fc.nat(2) }), { minLength: 1, maxLength: 8 }),
        fc.array(fc.nat(), { minLength: 24, maxLength: 24 }),
        (binds, seeds) => {
          const desks = [new Desk(), new Desk(), new Desk()];
          for (const [id, { desk }] of binds.entries()) desks[desk].come(id);
          const claims = binds.map(({ at }, id) => claimOf(id, at));
          for (const [number, desk] of desks.entries()) {
            const order = claims.map((claim, n) => ({ claim, key: seeds[number * 8 + n] }));
            for (const { claim } of order.toSorted((a, b) => a.key - b.key)) desk.claim(claim);
          }
          const newest = claims.reduce((a, b) =>
            b.at > a.at || (b.at === a.at && b.clientId > a.clientId) ? b : a,
          );
          assert.deepEqual(
            desks.flatMap(({ holders }) => holders),
            [newest.clientId],
          );
        },
      ),
    );
  });

  it('closes nobody for one that has lost it meanwhile, and is being closed', () => {
    const desk = new Desk();
    const [ann, ann2] = [desk.come(1), desk.come(2)];
    for (const client of [ann, ann2]) desk.directory.bind(client, 'ann');
    assert.deepEqual(desk.claims.add(claimOf(1, 1), ann), [ann2]);
    assert.deepEqual(desk.claims.add(claimOf(2, 2), ann2), []);
  });

  it('also closes those that did not claim it', () => {
    const desk = new Desk();
    desk.directory.bind(desk.come(1), 'ann');
    desk.come(2);
    assert.deepEqual(desk.claim(claimOf(2, 1)), ['c1']);
    assert.deepEqual(desk.holders, ['c2']);
  });

  it('by a clock that is behind, the later one counts after ten seconds', () => {
    const desk = new Desk();
    desk.come(1);
    desk.claim(claimOf(1, 60_000));
    desk.come(2);
    desk.clock.advance(9_999);
    assert.deepEqual(desk.claim(claimOf(2, 10)), ['c2'], 'too close together to tell');
    desk.come(3);
    desk.clock.advance(10_000);
    assert.deepEqual(desk.claim(claimOf(3, 10)), ['c1']);
    assert.deepEqual(desk.holders, ['c3']);
  });
});
