/**
 * What page and server say to each other, in bytes:
 *
 *   0x01                                          from the page   I play
 *   0x02  int8 dx  int8 dy                        from the page   I run that way
 *   0x11  uint8 number                            to the page     you are this one
 *   0x12  uint32 tick  uint16 x y of the coin     to the page     how the room is now, 20 times a second;
 *         then of each player                                     big-endian, as all here
 *         uint8 number  uint16 x y coins
 */
import type { Room } from './room.ts';

export type Request = { type: 'play' } | { type: 'run'; dx: number; dy: number };

const PLAY = 0x01;
const RUN = 0x02;
const YOU = 0x11;
const NOW = 0x12;
const NOW_BYTES = 9;
const PLAYER_BYTES = 7;

/** Undefined for what is none. */
export function readRequest(message: string | Buffer): Request | undefined {
  if (typeof message === 'string') return undefined;
  if (message[0] === PLAY && message.length === 1) return { type: 'play' };
  if (message[0] !== RUN || message.length !== 3) return undefined;
  return { type: 'run', dx: Math.sign(message.readInt8(1)), dy: Math.sign(message.readInt8(2)) };
}

export function writeYou(number: number): Buffer {
  return Buffer.from([YOU, number]);
}

export function writeNow({ tick, players, coin }: Room): Buffer {
  const bytes = Buffer.alloc(NOW_BYTES + players.size * PLAYER_BYTES);
  bytes[0] = NOW;
  bytes.writeUInt32BE(tick, 1);
  bytes.writeUInt16BE(coin.x, 5);
  bytes.writeUInt16BE(coin.y, 7);
  let at = NOW_BYTES;
  for (const { number, x, y, coins } of players.values()) {
    bytes[at] = number;
    bytes.writeUInt16BE(x, at + 1);
    bytes.writeUInt16BE(y, at + 3);
    bytes.writeUInt16BE(coins, at + 5);
    at += PLAYER_BYTES;
  }
  return bytes;
}
