import { Command, Flag } from '../../wire/command.js';
import type { CommandHandler } from './command-handler.js';
import { sessionPatch } from './ext-data.js';

/** Changes sessions. */
export const sessionCommands: Readonly<Record<number, CommandHandler>> = {
  // ext_data: the session
  [Command.SET_SESSION](target, frame) {
    const client = target.directory.get(frame.connectionId);
    if (client === undefined) return;
    const state = target.stateOf(client);
    state.replace(Buffer.from(frame.ext));
    if ((frame.flags & Flag.COUNTED) !== 0) state.countApplied();
  },

  // ext_data: what to merge into it
  [Command.UPDATE_SESSION](target, frame) {
    const client = target.directory.get(frame.connectionId);
    if (client === undefined) return;
    const state = target.stateOf(client);
    if ((frame.flags & Flag.COUNTED) !== 0) state.countApplied();
    state.merge(frame.ext);
  },

  // ext_data: JSON {set, delete}; client_ip: the epoch of the session that the handler read
  [Command.PATCH_SESSION](target, frame) {
    const client = target.directory.get(frame.connectionId);
    if (client === undefined) return;
    const state = target.stateOf(client);
    if ((frame.flags & Flag.COUNTED) !== 0) state.countApplied();
    state.patch(sessionPatch(frame), frame.clientIp);
  },
};
