import { Command } from '../../wire/command.js';
import { decodeHandshakeAnswer } from '../../wire/handshake-answer.js';
import type { CommandHandler } from './command-handler.js';

/** Lets in who waits at the door, or not. Grammar: wire/handshake-answer.ts. */
export const handshakeCommands: Readonly<Record<number, CommandHandler>> = {
  [Command.HANDSHAKE_ANSWER]({ clients, interest }, frame) {
    interest.flush();
    clients.decided(frame.connectionId, decodeHandshakeAnswer(Buffer.from(frame.ext), frame.bodyText()));
  },
};
