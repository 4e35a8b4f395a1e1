import { Command } from '../../wire/command.js';
import type { ClientCommandHandler, CommandHandler } from './command-handler.js';
import { nameOf } from './ext-data.js';

/** Puts a client into groups and takes it out. ext_data: the group. */
export const clientGroupCommands: Readonly<Record<number, ClientCommandHandler>> = {
  [Command.JOIN_GROUP]({ directory }, client, frame) {
    const group = nameOf(frame);
    // PHP takes '0' for empty, and so for no group
    if (group !== '' && group !== '0') directory.join(client, group);
  },

  [Command.LEAVE_GROUP]({ directory }, client, frame) {
    directory.leave(client, nameOf(frame));
  },
};

/** Takes everybody out of a group. ext_data: the group. */
export const groupCommands: Readonly<Record<number, CommandHandler>> = {
  [Command.UNGROUP]({ directory }, frame) {
    directory.ungroup(nameOf(frame));
  },
};
