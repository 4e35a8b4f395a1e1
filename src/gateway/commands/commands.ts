import type { ClientCommandHandler, CommandHandler } from './command-handler.js';
import { clientGroupCommands, groupCommands } from './group.js';
import { connectionCommands } from './connection.js';
import { handshakeCommands } from './handshake.js';
import { routeCommands } from './route.js';
import { sendCommands, sendToOne } from './send.js';
import { sessionCommands } from './session.js';
import { claimCommands, uidCommands } from './uid.js';
import { webRequestCommands } from './web-request.js';
import { workerCommands } from './worker.js';

/** Every command to one client that asks for no answer, by number. */
export const clientCommands: Readonly<Record<number, ClientCommandHandler>> = {
  ...sendToOne,
  ...connectionCommands,
  ...sessionCommands,
  ...uidCommands,
  ...clientGroupCommands,
};

/** Every other command that asks for no answer, by number. */
export const commands: Readonly<Record<number, CommandHandler>> = {
  ...sendCommands,
  ...groupCommands,
  ...claimCommands,
  ...routeCommands,
  ...workerCommands,
  ...handshakeCommands,
  ...webRequestCommands,
};
