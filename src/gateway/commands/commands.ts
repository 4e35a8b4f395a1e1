import type { CommandHandler } from './command-handler.js';
import { groupCommands } from './group.js';
import { kickCommands } from './kick.js';
import { sendCommands } from './send.js';
import { sessionCommands } from './session.js';
import { uidCommands } from './uid.js';

/** Every command that asks for no answer, by number. */
export const commands: Readonly<Record<number, CommandHandler>> = {
  ...sendCommands,
  ...kickCommands,
  ...sessionCommands,
  ...uidCommands,
  ...groupCommands,
};
