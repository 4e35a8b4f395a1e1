import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { uncloneableIn } from '#src/worker/uncloneable.js';

const NO = (): void => {};

describe('what of a state cannot be cloned', () => {
  const CASES: readonly (readonly [path: string, value: unknown])[] = [
    ['state', NO],
    ['state', Promise.resolve()],
    ['state.tick', { ok: 1, tick: NO }],
    ['state["a b"]', { 'a b': NO }],
    ['state[1].x', [{ x: 1 }, { x: NO }]],
    ['state.rooms.get("tea").timer', { rooms: new Map([['tea', { timer: NO }]]) }],
    ['state.get(7)', new Map([[7, NO]])],
    ['state.has({ timer: [Function: NO] }).timer', new Set([{ timer: NO }])],
    ['state.keys(): [Function: NO]', new Map([[NO, 7]])],
  ];
  for (const [path, value] of CASES) {
    it(`is found at ${path}`, () => assert.equal(uncloneableIn(value, 'state'), path));
  }

  it('is a getter that throws', () => {
    const room = {
      name: 'tea',
      get size(): number {
        throw new Error('none');
      },
    };
    assert.equal(uncloneableIn({ room }, 'state'), 'state.room.size');
  });

  it('is found in what contains itself', () => {
    const room: Record<string, unknown> = { name: 'tea' };
    room.self = room;
    room.on = { room, leave: NO };
    assert.equal(uncloneableIn(room, 'state'), 'state.on.leave');
  });
});
