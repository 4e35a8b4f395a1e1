import type { ClientChange } from '../api/transport.js';
import { plainCopy } from '../wire/session-value.js';
import { type Session, type SessionPatch, mergeSession, patchSession } from '../wire/session.js';

/** A change of a client that its worker has sent to the gateway. */
export type SentChange =
  | ClientChange
  | {
      readonly kind: 'patch';
      readonly patch: SessionPatch;
      /** Of the session that the handler had changed. */
      readonly epoch: number;
    };

/** Lays changes over a session of an epoch, as the gateway will. The session is changed, and what is in the changes stays. */
export function replay(changes: readonly SentChange[], session: Session, epoch: number): Session {
  let result = session;
  let now = epoch;
  for (const change of changes) {
    if (change.kind === 'set') {
      result = plainCopy(change.session);
      now = (now + 1) >>> 0;
    } else if (change.kind === 'update') {
      result = mergeSession(result, plainCopy(change.session));
    } else if (change.kind === 'patch' && change.epoch === now) {
      result = patchSession(result, { ...change.patch, set: plainCopy(change.patch.set) });
    }
  }
  return result;
}
