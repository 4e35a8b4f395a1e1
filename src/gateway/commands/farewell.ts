import { Flag } from '../../wire/command.js';
import type { ReceivedFrame } from '../../wire/frame.js';
import { OutgoingMessage } from '../outgoing-message.js';

/** Whoever has no message sends a PHP-serialized null, which is not the same as an empty one. */
const NOTHING = Buffer.from('N;');

/** What clients are sent before they are closed: a frame's body. */
export function farewellOf({ body, flags }: ReceivedFrame): OutgoingMessage | undefined {
  const none = (flags & Flag.PLAIN_BODY) === 0 && body.equals(NOTHING);
  return none ? undefined : new OutgoingMessage(body, flags);
}
