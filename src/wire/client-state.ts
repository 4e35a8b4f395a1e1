import { Buffer } from 'node:buffer';
import { GatewayError } from '../base/errors.js';

/*
 * What a gateway tells one of our workers about a client in the ext_data of an event (Flag.STATE), where a worker of PHP
 * gets the session only:
 *
 *    0       4         8          9           13
 *   +-------+---------+----------+-----------+------------+-----+---------+
 *   | epoch | applied | ip_len   | uid_len   | ip         | uid | session |
 *   +-------+---------+----------+-----------+------------+-----+---------+
 *    u32     u32       u8         u32
 *
 * epoch     how often the session was replaced as a whole (setSession). A patch made against an older epoch is void.
 * applied   how many state changes that the client's own worker sent the gateway has applied. The worker knows how many
 *           it has sent, so it lays those that are still on their way over what it reads here (worker/session-view.ts).
 * ip        the client's address as text, when it is not an IPv4 address, for which the header has room.
 */

const PREFIX_LENGTH = 13;

/** A client as its gateway knows it. Numbers wrap at 32 bits. */
export interface ClientState {
  epoch: number;
  applied: number;
  /** '' when the header's IPv4 address is the true one. */
  address: string;
  /** '' when the client is bound to none. */
  uid: string;
  session: Buffer;
}

/** Of a client of whom nothing is known but that it is there. */
export const NO_STATE: Readonly<ClientState> = {
  epoch: 0,
  applied: 0,
  address: '',
  uid: '',
  session: Buffer.alloc(0),
};

/** The state as ext_data. */
export function encodeClientState(state: ClientState): Buffer {
  const addressLength = Buffer.byteLength(state.address);
  const uidLength = Buffer.byteLength(state.uid);
  const bytes = Buffer.allocUnsafe(PREFIX_LENGTH + addressLength + uidLength + state.session.length);
  bytes.writeUInt32BE(state.epoch, 0);
  bytes.writeUInt32BE(state.applied, 4);
  bytes.writeUInt8(addressLength, 8);
  bytes.writeUInt32BE(uidLength, 9);
  bytes.write(state.address, PREFIX_LENGTH);
  bytes.write(state.uid, PREFIX_LENGTH + addressLength);
  bytes.set(state.session, PREFIX_LENGTH + addressLength + uidLength);
  return bytes;
}

/**
 * Reads ext_data with Flag.STATE. `session` is a view of `bytes`.
 *
 * @throws GW_FRAME when it is too short for what it says
 */
export function decodeClientState(bytes: Buffer): ClientState {
  const addressEnd = bytes.length < PREFIX_LENGTH ? 0 : PREFIX_LENGTH + bytes[8];
  const uidEnd = addressEnd === 0 ? 0 : addressEnd + bytes.readUInt32BE(9);
  if (uidEnd === 0 || uidEnd > bytes.length) {
    throw new GatewayError(
      'GW_FRAME',
      `A client state of ${bytes.length} bytes was found; expected at least ${Math.max(uidEnd, PREFIX_LENGTH)}.`,
    );
  }
  return {
    epoch: bytes.readUInt32BE(0),
    applied: bytes.readUInt32BE(4),
    address: bytes.toString('latin1', PREFIX_LENGTH, addressEnd),
    uid: bytes.toString('utf8', addressEnd, uidEnd),
    session: bytes.subarray(uidEnd),
  };
}
