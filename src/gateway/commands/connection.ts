import { Command } from '../../wire/command.js';
import type { ClientCommandHandler } from './command-handler.js';
import { closing } from './ext-data.js';
import { farewellOf } from './farewell.js';

/** What becomes of a client's connection: closed, ended, paused, read again. */
export const connectionCommands: Readonly<Record<number, ClientCommandHandler>> = {
  // the body goes out first. ext_data: nothing, or of ours JSON {code, reason}
  [Command.KICK]({ delivery, clients }, client, frame) {
    const { code, reason } = closing(frame);
    const farewell = farewellOf(frame);
    if (farewell !== undefined) delivery.deliver(client, farewell);
    clients.kick(client, 'server', code, reason);
  },

  [Command.DESTROY]({ clients }, client) {
    clients.drop(client, 'server');
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
