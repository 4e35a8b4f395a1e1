import { Command, Flag } from '../../wire/command.js';
import { OutgoingMessage } from '../outgoing-message.js';
import type { ClientCommandHandler } from './command-handler.js';

const NOTHING = Buffer.from('N;');

/** What becomes of a client's connection: closed, ended, paused, read again. */
export const connectionCommands: Readonly<Record<number, ClientCommandHandler>> = {
  // the body goes out first, an empty one as well; whoever has no message for the client sends a PHP-serialized null
  [Command.KICK]({ delivery, clients }, client, frame) {
    const farewell = (frame.flags & Flag.PLAIN_BODY) !== 0 || !frame.body.equals(NOTHING);
    if (farewell) delivery.deliver(client, new OutgoingMessage(frame.body, frame.flags));
    clients.kick(client);
  },

  [Command.DESTROY](_, client) {
    client.connection.destroy();
  },

  // everything that a client sent before it ended is handled, and what the handlers sent to it came before this
  [Command.CLIENT_ENDED]({ clients }, client) {
    clients.finish(client);
  },

  [Command.PAUSE_CLIENT]({ dispatcher }, client) {
    dispatcher.pauseByWorker(client);
  },

  [Command.RESUME_CLIENT]({ dispatcher }, client) {
    dispatcher.resumeByWorker(client);
  },
};
