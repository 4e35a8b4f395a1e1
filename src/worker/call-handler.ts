import { decodeClientEnd } from '../wire/client-end.js';
import { Command, Flag, commandName } from '../wire/command.js';
import type { ReceivedFrame } from '../wire/frame.js';
import { decodeHandshake } from '../wire/handshake.js';
import { plainText } from '../wire/named-bytes.js';
import type { Client } from './client.js';
import type { Events } from './events.js';
import type { NamedMessages } from './named-messages.js';

/** Calls the developer's handler for an event. @returns what it returns: a promise when it is pending */
export function callHandler(
  events: Events,
  client: Client,
  frame: ReceivedFrame,
  named: NamedMessages | undefined,
): unknown {
  switch (frame.command) {
    case Command.ON_MESSAGE:
      return named === undefined
        ? events.onMessage?.(client, messageOf(client, frame))
        : named.handle(client, frame);
    case Command.ON_CONNECT:
      return events.onConnect?.(client);
    case Command.ON_WEBSOCKET_CONNECT:
      return events.onWebSocketConnect?.(client, decodeHandshake(frame.body, client.remoteAddress));
    case Command.ON_CLOSE:
      return events.onClose?.(client, decodeClientEnd(frame.body));
    default:
      throw new RangeError(`no event: ${commandName(frame.command)}`);
  }
}

/** As onMessage is given it. */
export function messageOf({ dialect }: Client, frame: ReceivedFrame): string | Buffer {
  if ((frame.flags & Flag.NAMED) !== 0) return plainText(frame.body, frame.flags).toString();
  return dialect.isText(frame) ? frame.bodyText() : Buffer.from(frame.body);
}
