import { Command } from '../../wire/command.js';
import { Message } from '../message.js';
import type { CommandHandler } from './command-handler.js';

/** Ends a client's connection, or lets it pause. */
export const kickCommands: Readonly<Record<number, CommandHandler>> = {
  // the body goes out first
  [Command.KICK](target, frame) {
    const client = target.directory.get(frame.connectionId);
    if (client === undefined) return;
    if (frame.bodyStart !== frame.bodyEnd) target.deliver(client, new Message(frame.body, frame.flags));
    target.kick(client);
  },

  [Command.DESTROY](target, frame) {
    const client = target.directory.get(frame.connectionId);
    if (client !== undefined) target.drop(client);
  },

  [Command.PAUSE_CLIENT](target, frame) {
    const client = target.directory.get(frame.connectionId);
    if (client !== undefined) target.hold(client);
  },

  [Command.RESUME_CLIENT](target, frame) {
    const client = target.directory.get(frame.connectionId);
    if (client !== undefined) target.release(client);
  },
};
