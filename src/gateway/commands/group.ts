import { Command } from '../../wire/command.js';
import type { CommandHandler } from './command-handler.js';
import { nameOf } from './ext-data.js';

/** Puts clients into groups and takes them out. ext_data: the group. */
export const groupCommands: Readonly<Record<number, CommandHandler>> = {
  [Command.JOIN_GROUP](target, frame) {
    const client = target.directory.get(frame.connectionId);
    const group = nameOf(frame);
    // PHP takes '0' for empty, and so for no group
    if (client !== undefined && group !== '' && group !== '0') target.directory.join(client, group);
  },

  [Command.LEAVE_GROUP](target, frame) {
    const client = target.directory.get(frame.connectionId);
    if (client !== undefined) target.directory.leave(client, nameOf(frame));
  },

  [Command.UNGROUP](target, frame) {
    target.directory.ungroup(nameOf(frame));
  },
};
