import { Command } from '../../wire/command.js';
import { changedState } from './changed-state.js';
import type { ClientCommandHandler } from './command-handler.js';
import { nameOf } from './ext-data.js';

/** Binds clients to uids. ext_data: the uid. */
export const uidCommands: Readonly<Record<number, ClientCommandHandler>> = {
  [Command.BIND_UID]({ directory }, client, frame) {
    const uid = nameOf(frame);
    // PHP takes '0' for empty, and so for no uid
    if (uid === '' || uid === '0') return;
    directory.bind(client, uid);
    changedState(client, frame).touch();
  },

  // whichever uid is named: a client has only one
  [Command.UNBIND_UID]({ directory }, client, frame) {
    directory.unbind(client);
    changedState(client, frame).touch();
  },
};
