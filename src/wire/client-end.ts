import { Buffer } from 'node:buffer';
import { GatewayError } from '../base/errors.js';

/*
 * How a client left, as the body of ON_CLOSE to workers of ours:
 *
 *    0      2    3            4
 *   +------+----+------------+--------+-------------------------------+
 *   | code | by | reason_len | reason | groups: JSON, or none of them |
 *   +------+----+------------+--------+-------------------------------+
 *    u16    u8   u8
 *
 * A PHP worker is told nothing, and a PHP gateway tells nothing.
 */

const PREFIX_LENGTH = 4;
const NO_GROUPS: readonly string[] = [];

/** Who ended a connection, or what. Their places are on the wire: new ones come last. */
const ENDED_BY = ['client', 'server', 'heartbeat', 'slow', 'limit', 'error', 'node'] as const;

/**
 * Who ended a connection, or what.
 *
 * - `client`: the client closed it, or went away
 * - `server`: `close`, `destroy`, or another client that took its uid
 * - `heartbeat`: it was silent for too long
 * - `slow`: it took less than it was sent (`slowClient`)
 * - `limit`: it sent more than it may, such as a message above `maxPackageSize`
 * - `error`: it sent what its protocol forbids, or the connection broke
 * - `node`: its node stops
 */
export type EndedBy = (typeof ENDED_BY)[number];

/** How a client left. */
export interface ClientEnd {
  readonly by: EndedBy;
  /**
   * The close code of a websocket: of whoever closed it; 1005 when the client named none, 1006 when the connection ended
   * without a close frame. 0 for other protocols, and where the client's gateway is PHP's, which does not say.
   */
  readonly code: number;
  /** What a websocket's close frame says in words; mostly ''. */
  readonly reason: string;
  /** The groups that it was in. */
  readonly groups: readonly string[];
}

/** The body of ON_CLOSE. @param reason at most 255 bytes */
export function encodeClientEnd(by: EndedBy, code: number, reason: string, groups: Iterable<string>): Buffer {
  const list = [...groups];
  const text = list.length === 0 ? reason : reason + JSON.stringify(list);
  const bytes = Buffer.allocUnsafe(PREFIX_LENGTH + Buffer.byteLength(text));
  bytes.writeUInt16BE(code, 0);
  bytes[2] = ENDED_BY.indexOf(by);
  bytes[3] = reason === '' ? 0 : Buffer.byteLength(reason);
  bytes.write(text, PREFIX_LENGTH);
  return bytes;
}

/** @throws GW_FRAME when the bytes are none that {@link encodeClientEnd} gives; none at all say nothing */
export function decodeClientEnd(bytes: Buffer): ClientEnd {
  if (bytes.length === 0) return { by: 'client', code: 0, reason: '', groups: NO_GROUPS };
  const reasonEnd = PREFIX_LENGTH + (bytes.length < PREFIX_LENGTH ? 0 : bytes[3]);
  const by = ENDED_BY[bytes[2]] as EndedBy | undefined;
  if (by === undefined || bytes.length < reasonEnd) {
    throw new GatewayError(
      'GW_FRAME',
      `A client's end of ${bytes.length} bytes was found; expected at least ${reasonEnd}, the third of them below ${ENDED_BY.length}.`,
    );
  }
  return {
    by,
    code: bytes.readUInt16BE(0),
    reason: bytes.toString('utf8', PREFIX_LENGTH, reasonEnd),
    groups:
      bytes.length === reasonEnd ? NO_GROUPS : (JSON.parse(bytes.toString('utf8', reasonEnd)) as string[]),
  };
}
