import { Flag } from '../../wire/command.js';
import type { ReceivedFrame } from '../../wire/frame.js';
import type { ClientRecord } from '../client-record.js';
import type { SessionState } from '../session-state.js';

/** The state that a command changes. A change that the client's own worker has counted counts here too, whatever comes of it. */
export function changedState(client: ClientRecord, { flags }: ReceivedFrame): SessionState {
  const state = client.ensureState();
  if ((flags & Flag.COUNTED) !== 0) state.countApplied();
  return state;
}
