import { Command } from '../../wire/command.js';
import { changedState } from './changed-state.js';
import type { ClientCommandHandler } from './command-handler.js';
import { sessionPatch } from './ext-data.js';

/** Changes sessions. */
export const sessionCommands: Readonly<Record<number, ClientCommandHandler>> = {
  // ext_data: the session
  [Command.SET_SESSION]({ directory }, client, frame) {
    directory.watcher?.noted(client, 'session', frame.ext);
    changedState(client, frame).replace(Buffer.from(frame.ext));
  },

  // ext_data: what to merge into it
  [Command.UPDATE_SESSION]({ directory }, client, frame) {
    directory.watcher?.noted(client, 'session', frame.ext);
    changedState(client, frame).merge(frame.ext);
  },

  // ext_data: JSON {set, delete}; client_ip: the epoch of the session that the handler read
  [Command.PATCH_SESSION]({ directory }, client, frame) {
    directory.watcher?.noted(client, 'session', frame.ext);
    changedState(client, frame).patch(sessionPatch(frame), frame.clientIp);
  },
};
