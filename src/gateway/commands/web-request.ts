import { Command } from '../../wire/command.js';
import { decodeWebAnswer } from '../../wire/web-request.js';
import type { CommandHandler } from './command-handler.js';

/** Answers a plain HTTP request. Grammar: wire/web-request.ts. */
export const webRequestCommands: Readonly<Record<number, CommandHandler>> = {
  [Command.REQUEST_ANSWER]({ clients, interest }, frame) {
    interest.flush();
    clients.responded(frame.connectionId, decodeWebAnswer(frame.extText(), Buffer.from(frame.body)));
  },
};
