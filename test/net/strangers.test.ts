import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { beforeEach, describe, it } from 'node:test';
import { type Stranger, Strangers } from '#src/net/strangers.js';

const SHARE = 1000;
const TOTAL = 2000;
const MEBIBYTE = 2 ** 20;

class FakeSocket extends EventEmitter {
  destroyed = false;
  readonly remoteAddress: string;

  constructor(remoteAddress: string) {
    super();
    this.remoteAddress = remoteAddress;
  }

  destroy(): void {
    this.destroyed = true;
    this.emit('close');
  }
}

describe('strangers', () => {
  let strangers: Strangers;
  let dropped: string[];

  beforeEach(() => {
    dropped = [];
    strangers = new Strangers((address) => void dropped.push(address));
  });

  function come(address: string, count = 1): { sockets: FakeSocket[]; entries: Stranger[] } {
    const sockets = Array.from({ length: count }, () => new FakeSocket(address));
    return { sockets, entries: sockets.map((socket) => strangers.add(socket as unknown as Socket)) };
  }

  it('of one address are bounded: who came first has to go', () => {
    const { sockets, entries } = come('a', SHARE);
    const [newcomer] = come('a').sockets;
    assert.deepEqual(
      [sockets[0].destroyed, sockets[1].destroyed, newcomer.destroyed, strangers.count],
      [true, false, false, SHARE],
    );
    // who is known, or has gone, makes room
    entries[1].introduced();
    sockets[2].destroy();
    entries[2].introduced();
    come('a', 2);
    assert.deepEqual(dropped, ['a']);
    assert.equal(sockets[1].listenerCount('close'), 0);
  });

  it('in all are bounded: one of the largest crowd has to go', () => {
    const small = come('a', 10).sockets;
    come('b', 800);
    const large = come('c', 990).sockets;
    come('d', TOTAL - 1800);
    assert.deepEqual(dropped, []);
    const [newcomer] = come('e').sockets;
    assert.deepEqual(dropped, ['c']);
    assert.deepEqual(
      [large[0].destroyed, small[0].destroyed, newcomer.destroyed, strangers.count],
      [true, false, false, TOTAL],
    );
  });

  it('in all are bounded, also when each comes from an address of its own', () => {
    const sockets = Array.from({ length: TOTAL }, (_, n) => come(`a${n}`).sockets[0]);
    const [newcomer] = come('b').sockets;
    assert.deepEqual([sockets[0].destroyed, newcomer.destroyed, dropped], [true, false, ['a0']]);
  });

  it('have a bound on what they make us keep: who has sent the most of an address has to go', () => {
    const { sockets, entries } = come('a', 3);
    entries[0].holds(MEBIBYTE);
    entries[1].holds(1.5 * MEBIBYTE);
    entries[1].holds(2.5 * MEBIBYTE);
    entries[2].holds(0.5 * MEBIBYTE);
    assert.deepEqual(dropped, []);
    entries[2].holds(0.6 * MEBIBYTE);
    assert.deepEqual(
      sockets.map(({ destroyed }) => destroyed),
      [false, true, false],
    );
    // who is no stranger any more may send what he likes
    entries[0].introduced();
    entries[0].holds(100 * MEBIBYTE);
    assert.deepEqual(dropped, ['a']);
  });

  it('have a bound over all addresses', () => {
    const crowds = ['a', 'b', 'c', 'd', 'e'].map((address) => come(address));
    for (const [{ entries }, size] of crowds.slice(0, 4).map((crowd, n) => [crowd, 4 - n / 10] as const)) {
      entries[0].holds(size * MEBIBYTE);
    }
    crowds[4].entries[0].holds(0.6 * MEBIBYTE);
    assert.deepEqual(dropped, []);
    crowds[4].entries[0].holds(0.7 * MEBIBYTE);
    assert.deepEqual(dropped, ['a']);
  });

  it('may send long first messages where they need not introduce themselves', () => {
    strangers.longest = 10 * MEBIBYTE;
    const { entries } = come('a', 5);
    for (const entry of entries.slice(0, 4)) entry.holds(10 * MEBIBYTE);
    assert.deepEqual(dropped, []);
    entries[4].holds(1);
    assert.deepEqual(dropped, ['a']);
  });
});
