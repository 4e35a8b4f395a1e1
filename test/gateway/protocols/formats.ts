import { randomBytes } from 'node:crypto';
import { isUtf8 } from 'node:buffer';
import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';
import type { StreamFormat } from './peer.js';

/*
 * The protocols from the client's side, written apart from the product's own code, so that an error in one of them shows.
 */

export const text: StreamFormat = {
  pack: (message) => Buffer.concat([message, Buffer.from('\n')]),
  unpack(bytes) {
    const end = bytes.indexOf('\n');
    return end === -1 ? undefined : { length: end + 1, message: bytes.subarray(0, end) };
  },
};

export const frame: StreamFormat = {
  pack(message) {
    const header = Buffer.alloc(4);
    header.writeUInt32BE(message.length + 4);
    return Buffer.concat([header, message]);
  },
  unpack(bytes) {
    if (bytes.length < 4 || bytes.length < bytes.readUInt32BE()) return undefined;
    const length = bytes.readUInt32BE();
    return { length, message: bytes.subarray(4, length) };
  },
};

export const tcp: StreamFormat = {
  pack: (message) => message,
  unpack: (bytes) => ({ length: bytes.length, message: bytes }),
};

/** `5:hello,` */
export const netstring: StreamFormat = {
  pack: (message) => Buffer.concat([Buffer.from(`${message.length}:`), message, Buffer.from(',')]),
  unpack(bytes) {
    const colon = bytes.indexOf(':');
    const end = colon + 1 + Number(bytes.subarray(0, colon));
    if (colon === -1 || bytes.length <= end) return undefined;
    return { length: end + 1, message: bytes.subarray(colon + 1, end) };
  },
};

/** The gateway's side of {@link netstring}, as a user would write it. */
export const netstringModule = `
export function input(buffer) {
  const colon = buffer.indexOf(':');
  if (colon === -1) return buffer.length > 10 ? -1 : 0;
  return colon + 1 + Number(buffer.toString('latin1', 0, colon)) + 1;
}
export function decode(buffer) {
  return buffer.subarray(buffer.indexOf(':') + 1, -1).toString();
}
export function encode(message) {
  const bytes = Buffer.from(message);
  return Buffer.concat([Buffer.from(bytes.length + ':'), bytes, Buffer.from(',')]);
}
`;

export const Opcode = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** Beside the opcode of a message: it is compressed (RFC 7692). */
export const RSV1 = 0x40;

/** A client's frame, masked as RFC 6455 demands. */
export function wsFrame(opcode: number, payload: Buffer, fin = true): Buffer {
  const { length } = payload;
  const header = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  header[0] = (fin ? 0x80 : 0) | opcode;
  if (header.length === 2) header[1] = 0x80 | length;
  else if (header.length === 4) header.writeUInt16BE(length, header.writeUInt8(0x80 | 126, 1));
  else header.writeBigUInt64BE(BigInt(length), header.writeUInt8(0x80 | 127, 1));
  const mask = randomBytes(4);
  return Buffer.concat([header, mask, payload.map((byte, index) => byte ^ mask[index % 4])]);
}

export const ws: StreamFormat = {
  handshake: [
    'GET /chat?room=1 HTTP/1.1',
    'Host: localhost',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
    '\r\n',
  ].join('\r\n'),
  farewell: wsFrame(Opcode.close, Buffer.from([0x03, 0xe8])),
  pack: (message) => wsFrame(isUtf8(message) ? Opcode.text : Opcode.binary, message),
  unpack(bytes) {
    if (bytes.length < 2) return undefined;
    const start = bytes[1] < 126 ? 2 : bytes[1] === 126 ? 4 : 10;
    if (bytes.length < start) return undefined;
    const payloadLength =
      start === 2 ? bytes[1] : start === 4 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
    const length = start + payloadLength;
    if (bytes.length < length) return undefined;
    const payload = bytes.subarray(start, length);
    const opcode = bytes[0] & 0x0f;
    if (opcode === Opcode.close) return { length, reply: wsFrame(Opcode.close, payload) };
    return opcode === Opcode.ping ? { length } : { length, message: payload };
  },
};

/** With every message compressed, both ways. */
export const wsCompressed: StreamFormat = {
  ...ws,
  handshake: ws.handshake?.replace(/\r\n$/, 'Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n'),
  pack(message) {
    const payload = deflateRawSync(message, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4);
    return wsFrame(RSV1 | (isUtf8(message) ? Opcode.text : Opcode.binary), payload);
  },
  unpack(bytes) {
    const found = ws.unpack(bytes);
    if (found?.message === undefined || (bytes[0] & RSV1) === 0) return found;
    const payload = Buffer.concat([found.message, Buffer.from('0000ffff', 'hex')]);
    return { ...found, message: inflateRawSync(payload, { finishFlush: constants.Z_SYNC_FLUSH }) };
  },
};

/** The same over TLS. */
export function withTls(format: StreamFormat): StreamFormat {
  return { ...format, tls: true };
}
