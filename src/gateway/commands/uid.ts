import { Command, Flag } from '../../wire/command.js';
import type { CommandHandler } from './command-handler.js';
import { nameOf } from './ext-data.js';

/** Binds clients to uids. ext_data: the uid. */
export const uidCommands: Readonly<Record<number, CommandHandler>> = {
  [Command.BIND_UID](target, frame) {
    const client = target.directory.get(frame.connectionId);
    const uid = nameOf(frame);
    // PHP takes '0' for empty, and so for no uid
    if (client === undefined || uid === '' || uid === '0') return;
    target.directory.bind(client, uid);
    const state = target.stateOf(client);
    state.touch();
    if ((frame.flags & Flag.COUNTED) !== 0) state.countApplied();
  },

  // whichever uid is named: a client has only one
  [Command.UNBIND_UID](target, frame) {
    const client = target.directory.get(frame.connectionId);
    if (client === undefined) return;
    target.directory.unbind(client);
    const state = target.stateOf(client);
    state.touch();
    if ((frame.flags & Flag.COUNTED) !== 0) state.countApplied();
  },
};
