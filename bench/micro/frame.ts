import assert from 'node:assert/strict';
import { Command, Flag } from '#src/wire/command.js';
import {
  type Frame,
  HEADER_LENGTH,
  ReceivedFrame,
  decodeFrame,
  emptyFrame,
  encodeFrame,
  frameLength,
  writeFrame,
} from '#src/wire/frame.js';
import { type Suite, repeated } from './suite.js';

/** The event frame of a 64-byte message. */
function sample(): Frame & { body: Buffer } {
  return {
    ...emptyFrame(),
    command: Command.ON_MESSAGE,
    localIp: 0x7f000001,
    localPort: 2900,
    clientIp: 0xc0a80117,
    clientPort: 51_234,
    connectionId: 0x9a3c51e0,
    flags: Flag.PLAIN_BODY,
    gatewayPort: 8282,
    body: Buffer.alloc(64, 'x'),
  };
}

const frame = sample();
const length = frameLength(frame);
const target = Buffer.alloc(length);
const view = new DataView(target.buffer, target.byteOffset, target.byteLength);

/**
 * The header byte by byte, beside the platform's two ways to write a number. A DataView is a little faster here, and was
 * not between two threads; it would have to be handed along with the Buffer.
 */
export const frameEncode: Suite = {
  name: 'frame-encode',
  title: 'encode a frame: 28-byte header and 64-byte body into memory that is there',
  prepare() {
    const expected = encodeFrame(frame);
    const tasks = [
      repeated('writeFrame', () => writeFrame(target, 0, frame, length)),
      repeated('Buffer.writeUInt32BE', encodeWithBuffer),
      repeated('DataView.setUint32', encodeWithDataView),
    ];
    for (const candidate of tasks) {
      target.fill(0);
      void candidate.run();
      assert.deepEqual(target, expected, `${candidate.name} writes other bytes`);
    }
    return tasks;
  },
};

/**
 * A DataView takes longer to make than a header to read. One kept beside the Buffer was tried in decodeFrame: with the
 * checks that took as long as bytes do, and 20 ns longer where each frame is a Buffer of its own, as from TCP.
 */
export const frameDecode: Suite = {
  name: 'frame-decode',
  title: 'decode a frame',
  prepare() {
    const bytes = encodeFrame(frame);
    const bytesView = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const chunk = Buffer.concat([bytes, bytes]);
    const views = [chunk.subarray(0, length), chunk.subarray(length)];
    let turn = 0;
    const received = new ReceivedFrame();
    const receivedInChunk = new ReceivedFrame();
    const seen = emptyFrame();
    const decoders = {
      'decodeFrame, as frames come in a ring': () => decodeFrame(bytes, received),
      'decodeFrame, views of a chunk, as they come by TCP': () =>
        decodeFrame(views[(turn ^= 1)], receivedInChunk),
      'decodeFrame, a new object each time': () => decodeFrame(bytes),
      'byte by byte, without checks': () => decodeBytes(bytes, seen),
      'Buffer.readUInt32BE, without checks': () => decodeWithBuffer(bytes, seen),
      'DataView.getUint32, without checks': () => decodeWithDataView(bytesView, seen),
    };
    return Object.entries(decoders).map(([name, decode]) => {
      const { command, localIp, connectionId, gatewayPort } = decode();
      assert.deepEqual(
        { ...frame, command, localIp, connectionId, gatewayPort },
        frame,
        `${name} reads something else`,
      );
      return repeated(name, () => void decode());
    });
  },
};

function encodeWithBuffer(): void {
  target.writeUInt32BE(length, 0);
  target[4] = frame.command;
  target.writeUInt32BE(frame.localIp, 5);
  target.writeUInt16BE(frame.localPort, 9);
  target.writeUInt32BE(frame.clientIp, 11);
  target.writeUInt16BE(frame.clientPort, 15);
  target.writeUInt32BE(frame.connectionId, 17);
  target[21] = frame.flags;
  target.writeUInt16BE(frame.gatewayPort, 22);
  target.writeUInt32BE(0, 24);
  target.set(frame.body, HEADER_LENGTH);
}

function encodeWithDataView(): void {
  view.setUint32(0, length);
  view.setUint8(4, frame.command);
  view.setUint32(5, frame.localIp);
  view.setUint16(9, frame.localPort);
  view.setUint32(11, frame.clientIp);
  view.setUint16(15, frame.clientPort);
  view.setUint32(17, frame.connectionId);
  view.setUint8(21, frame.flags);
  view.setUint16(22, frame.gatewayPort);
  view.setUint32(24, 0);
  target.set(frame.body, HEADER_LENGTH);
}

function decodeBytes(bytes: Buffer, into: Frame): Frame {
  into.command = bytes[4];
  into.localIp = bytesToUint32(bytes, 5);
  into.localPort = (bytes[9] << 8) | bytes[10];
  into.clientIp = bytesToUint32(bytes, 11);
  into.clientPort = (bytes[15] << 8) | bytes[16];
  into.connectionId = bytesToUint32(bytes, 17);
  into.flags = bytes[21];
  into.gatewayPort = (bytes[22] << 8) | bytes[23];
  return into;
}

function bytesToUint32(bytes: Buffer, at: number): number {
  return ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]) >>> 0;
}

function decodeWithBuffer(bytes: Buffer, into: Frame): Frame {
  into.command = bytes[4];
  into.localIp = bytes.readUInt32BE(5);
  into.localPort = bytes.readUInt16BE(9);
  into.clientIp = bytes.readUInt32BE(11);
  into.clientPort = bytes.readUInt16BE(15);
  into.connectionId = bytes.readUInt32BE(17);
  into.flags = bytes[21];
  into.gatewayPort = bytes.readUInt16BE(22);
  return into;
}

function decodeWithDataView(bytes: DataView, into: Frame): Frame {
  into.command = bytes.getUint8(4);
  into.localIp = bytes.getUint32(5);
  into.localPort = bytes.getUint16(9);
  into.clientIp = bytes.getUint32(11);
  into.clientPort = bytes.getUint16(15);
  into.connectionId = bytes.getUint32(17);
  into.flags = bytes.getUint8(21);
  into.gatewayPort = bytes.getUint16(22);
  return into;
}
