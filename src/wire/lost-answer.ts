import { Command } from './command.js';
import type { Frame } from './frame.js';
import { encodeHandshakeAnswer, refusal } from './handshake-answer.js';
import { encodeWebAnswer, textAnswer } from './web-request.js';

const UNAVAILABLE = 503;
/** What those who asked are told. */
export const LOST = 'The server could not answer: try again.';

/** What a gateway is told in the place of a thread that was lost over an event; undefined for one that nobody answers. */
export function answerInPlace(event: number): Pick<Frame, 'command' | 'ext' | 'body'> | undefined {
  switch (event) {
    case Command.ON_HANDSHAKE:
      return { command: Command.HANDSHAKE_ANSWER, ...encodeHandshakeAnswer(refusal(UNAVAILABLE, LOST)) };
    case Command.ON_REQUEST:
      return { command: Command.REQUEST_ANSWER, ...encodeWebAnswer(textAnswer(UNAVAILABLE, LOST)) };
    default:
      return undefined;
  }
}
