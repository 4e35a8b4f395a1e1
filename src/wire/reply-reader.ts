import { GatewayError } from '../base/errors.js';
import { FrameReader } from './frame-reader.js';

/*
 * A gateway's answer to a query that did not ask for a REPLY frame, as PHP's gateways give every answer:
 *
 *    0        4
 *   +--------+------------------------+
 *   | length | PHP-serialized value   |
 *   +--------+------------------------+
 *    u32, big-endian, not counting itself
 */

/** Bytes before the value. */
export const REPLY_HEADER_LENGTH = 4;

/** Cuts a stream of such answers, each with its four bytes of length. */
export class ReplyReader extends FrameReader {
  protected override readLength(bytes: Buffer, at: number): number {
    const length = bytes.readUInt32BE(at);
    if (length > this.maxLength) {
      throw new GatewayError(
        'GW_FRAME',
        `A reply announces ${length} bytes; expected at most ${this.maxLength}. Either the peer is no gateway, or the query asks for too much at once.`,
      );
    }
    return REPLY_HEADER_LENGTH + length;
  }
}
