import { Command, Flag } from '../../wire/command.js';
import { OutgoingMessage } from '../outgoing-message.js';
import type { CommandHandler } from './command-handler.js';

const NOTHING = Buffer.from('N;');

/** Ends a client's connection, or lets it pause. */
export const kickCommands: Readonly<Record<number, CommandHandler>> = {
  // the body goes out first, an empty one as well; whoever has no message for the client sends a PHP-serialized null
  [Command.KICK](target, frame) {
    const client = target.directory.get(frame.connectionId);
    if (client === undefined) return;
    const farewell = (frame.flags & Flag.PLAIN_BODY) !== 0 || !frame.body.equals(NOTHING);
    if (farewell) target.deliver(client, new OutgoingMessage(frame.body, frame.flags));
    target.kick(client);
  },

  [Command.DESTROY](target, frame) {
    const client = target.directory.get(frame.connectionId);
    if (client !== undefined) target.drop(client);
  },

  // everything that a client sent before it ended is handled, and what the handlers sent to it came before this
  [Command.CLIENT_ENDED](target, frame) {
    const client = target.directory.get(frame.connectionId);
    if (client !== undefined) target.finish(client);
  },

  [Command.PAUSE_CLIENT](target, frame) {
    const client = target.directory.get(frame.connectionId);
    if (client !== undefined) target.pauseByWorker(client);
  },

  [Command.RESUME_CLIENT](target, frame) {
    const client = target.directory.get(frame.connectionId);
    if (client !== undefined) target.resumeByWorker(client);
  },
};
