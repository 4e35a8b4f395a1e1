import assert from 'node:assert/strict';
import { SessionState } from '#src/gateway/session-state.js';
import { encodeClientState } from '#src/wire/client-state.js';
import { decodeSession, encodeSession } from '#src/wire/session.js';
import { SessionView } from '#src/worker/session-view.js';
import { type Suite, repeated } from './suite.js';

const session = { name: 'Ann', room: 'room 17', score: 1234, vip: true, since: 1_795_000_000_000 };

/** A client's session travels with each of its events, and rarely changes. */
export const sessionState: Suite = {
  name: 'session',
  title: 'a session with five keys, per event',
  prepare() {
    const stored = new SessionState();
    stored.replace(encodeSession(session));
    const changing = new SessionState();
    changing.replace(encodeSession(session));
    const state = {
      epoch: 1,
      applied: 0,
      address: '',
      uid: 'user-17',
      session: encodeSession(session),
    };
    const untouched = new SessionView();
    const read = new SessionView();
    assert.deepEqual(decodeSession(stored.bytes), session);
    return [
      repeated('gateway: what travels, unchanged', () => void stored.ext('', state.uid)),
      repeated('gateway: what travels, made anew each time', () => void encodeClientState(state)),
      repeated('gateway: one key patched, and what travels made anew', (count) => {
        changing.patch({ set: { score: count }, delete: [] }, changing.epoch);
        changing.ext('', state.uid);
      }),
      repeated('gateway: the whole session replaced instead', (count) => {
        changing.replace(encodeSession({ ...session, score: count }));
        changing.ext('', state.uid);
      }),
      repeated('worker: taken in, and not looked at', () => untouched.receive(state)),
      repeated('worker: taken in, and read', () => {
        read.receive(state);
        assert.equal(read.session.score, session.score);
      }),
      repeated('worker: parsed for each event instead', () =>
        assert.equal(decodeSession(state.session).score, session.score),
      ),
    ];
  },
};
