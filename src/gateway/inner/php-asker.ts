import type { TcpLink } from '../../link/tcp-link.js';
import type { GatewayAddress } from '../../wire/client-id.js';
import { Command } from '../../wire/command.js';
import type { ReceivedFrame } from '../../wire/frame.js';
import { type PhpValue, serialize } from '../../wire/php-serialize.js';
import { Asker } from '../asker.js';
import type { WorkerPeer } from '../worker-peer.js';

/**
 * Who asks over a connection, where a query may come without a request id, as PHP sends it. Those are answered in their
 * order, as GatewayWorker does:
 *
 *    0        4
 *   +--------+----------------------+
 *   | length | PHP-serialized value |     length, u32, does not count itself
 *   +--------+----------------------+
 */
export class PhpAsker extends Asker {
  readonly #link: TcpLink;

  constructor(link: TcpLink, address: GatewayAddress, peer?: WorkerPeer) {
    super(link, address, peer);
    this.#link = link;
  }

  protected override answerWithoutId({ command }: ReceivedFrame, value: PhpValue): void {
    const body = phpBody(command, value);
    const length = Buffer.allocUnsafe(4);
    length.writeUInt32BE(body.length);
    this.#link.sendBytes(Buffer.concat([length, body]));
  }

  protected override answerNothingWithoutId(query: ReceivedFrame): void {
    this.answerWithoutId(query, nothing(query.command));
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

/** A session is serialized already: GatewayWorker sends it as it is, and an array where there is none yet. */
function phpBody(command: number, value: PhpValue): Buffer {
  if (command !== Command.GET_SESSION_BY_CLIENT_ID || !Buffer.isBuffer(value)) return serialize(value);
  return value.length === 0 ? serialize([]) : value;
}
