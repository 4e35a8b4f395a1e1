import { GatewayError } from '../base/errors.js';
import type { Link } from '../link/link.js';
import { TcpLink } from '../link/tcp-link.js';
import type { GatewayAddress } from '../wire/client-id.js';
import { Command, Flag, commandName } from '../wire/command.js';
import { type ReceivedFrame, emptyFrame } from '../wire/frame.js';
import { type PhpValue, serialize } from '../wire/php-serialize.js';

/**
 * Answers queries: those with a request id by a REPLY frame, all others as GatewayWorker does:
 *
 *    0        4
 *   +--------+----------------------+
 *   | length | PHP-serialized value |     length, u32, does not count itself
 *   +--------+----------------------+
 */
export class Replies {
  readonly #frame = emptyFrame();

  constructor(address: GatewayAddress) {
    this.#frame.command = Command.REPLY;
    this.#frame.localIp = address.ip;
    this.#frame.localPort = address.port;
  }

  /** @throws GW_FRAME when a worker of this process asked without a request id */
  send(link: Link, query: ReceivedFrame, value: PhpValue): void {
    // who asked and left has no use for it
    if (link.state !== 'open') return;
    if ((query.flags & Flag.REQUEST) !== 0) {
      this.#frame.clientIp = query.clientIp;
      this.#frame.body = serialize(value);
      link.send(this.#frame);
    } else if (link instanceof TcpLink) {
      link.sendBytes(phpReply(query.command, value));
    } else {
      throw new GatewayError(
        'GW_FRAME',
        `${link.name} sent ${commandName(query.command)} without a request id, which only GatewayWorker's own links can do.`,
      );
    }
  }

  /**
   * Answers a query that cannot be carried out: as if nothing had been found, where an answer has no other way to say so; a
   * REPLY frame without a value says that there is none.
   */
  sendNothing(link: Link, query: ReceivedFrame): void {
    if (link.state !== 'open') return;
    if ((query.flags & Flag.REQUEST) !== 0) {
      this.#frame.clientIp = query.clientIp;
      this.#frame.body = '';
      link.send(this.#frame);
    } else if (link instanceof TcpLink) {
      link.sendBytes(phpReply(query.command, nothing(query.command)));
    }
  }
}

/** What GatewayWorker answers where it finds nothing. */
function nothing(command: number): PhpValue {
  switch (command) {
    case Command.IS_ONLINE:
    case Command.GET_CLIENT_COUNT_BY_GROUP:
      return 0;
    case Command.GET_SESSION_BY_CLIENT_ID:
      return null;
    default:
      return [];
  }
}

function phpReply(command: number, value: PhpValue): Buffer {
  const body = phpBody(command, value);
  const length = Buffer.allocUnsafe(4);
  length.writeUInt32BE(body.length);
  return Buffer.concat([length, body]);
}

/** A session is serialized already: GatewayWorker sends it as it is, and an array where there is none yet. */
function phpBody(command: number, value: PhpValue): Buffer {
  if (command !== Command.GET_SESSION_BY_CLIENT_ID || !Buffer.isBuffer(value)) return serialize(value);
  return value.length === 0 ? serialize([]) : value;
}
