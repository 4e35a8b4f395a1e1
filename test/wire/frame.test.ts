import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { formatClientId, ipToNumber, parseClientId } from '#src/wire/client-id.js';
import { Command, Flag } from '#src/wire/command.js';
import {
  decodeFrame,
  emptyFrame,
  encodeFrame,
  type Frame,
  frameLength,
  HEADER_LENGTH,
  ReceivedFrame,
  writeFrame,
} from '#src/wire/frame.js';
import { type PhpValue, serialize, toPlain, unserialize } from '#src/wire/php-serialize.js';
import { fixtureLines } from '../support/fixtures.js';

interface PlainRow {
  cmd: number;
  local_ip: string;
  local_port: number;
  client_ip: string;
  client_port: number;
  connection_id: number;
  flag_in: number;
  flag_on_wire: number;
  gateway_port: number;
  ext_data_hex: string;
  body_hex: string;
  client_id: string;
  frame_hex: string;
  body_json?: undefined;
}

interface SerializedRow {
  cmd: number;
  body_json: PhpValue;
  frame_hex: string;
}

const rows = fixtureLines<PlainRow | SerializedRow>('gateway-protocol.jsonl');
const numeric = (a: number, b: number) => a - b;
const frameError = (message: RegExp) => ({ code: 'GW_FRAME', message });

function frameOf(row: PlainRow): Frame {
  return {
    command: row.cmd,
    localIp: ipToNumber(row.local_ip),
    localPort: row.local_port,
    clientIp: ipToNumber(row.client_ip),
    clientPort: row.client_port,
    connectionId: row.connection_id,
    // PHP's encode sets the bit by itself, for a body that is a string
    flags: row.flag_in | Flag.PLAIN_BODY,
    gatewayPort: row.gateway_port,
    ext: Buffer.from(row.ext_data_hex, 'hex'),
    body: Buffer.from(row.body_hex, 'hex'),
  };
}

/** The fields of a frame, sent or received, with data of its own. */
function contentOf(frame: Frame): Frame {
  const { command, localIp, localPort, clientIp, clientPort, connectionId, flags, gatewayPort } = frame;
  const header = { command, localIp, localPort, clientIp, clientPort, connectionId, flags, gatewayPort };
  return { ...header, ext: Buffer.from(frame.ext), body: Buffer.from(frame.body) };
}

describe('the vectors made by PHP', () => {
  for (const [index, row] of rows.entries()) {
    it(`row ${index + 1}, command ${row.cmd}, both ways`, () => {
      const bytes = Buffer.from(row.frame_hex, 'hex');
      if (row.body_json === undefined) {
        const frame = frameOf(row);
        assert.equal(frame.flags, row.flag_on_wire);
        assert.equal(encodeFrame(frame).toString('hex'), row.frame_hex);
        assert.deepEqual(contentOf(decodeFrame(bytes)), frame);
        const { localIp, localPort, connectionId } = frame;
        assert.equal(formatClientId(localIp, localPort, connectionId), row.client_id);
        assert.deepEqual(parseClientId(row.client_id), { localIp, localPort, connectionId });
      } else {
        const frame = { ...emptyFrame(), command: row.cmd, body: serialize(row.body_json) };
        assert.equal(encodeFrame(frame).toString('hex'), row.frame_hex);
        const { command, flags, body } = decodeFrame(bytes);
        assert.equal(command, Command.ON_WEBSOCKET_CONNECT);
        assert.equal(flags & Flag.PLAIN_BODY, 0);
        assert.deepEqual(toPlain(unserialize(body)), row.body_json);
      }
    });
  }

  it('cover every command of GatewayWorker', () => {
    // ours are the numbers from 220 on
    const legacy = Object.values(Command).filter((command) => command < 220);
    assert.deepEqual([...new Set(rows.map(({ cmd }) => cmd))].toSorted(numeric), legacy.toSorted(numeric));
  });
});

describe('round trips', () => {
  const uint32 = fc.integer({ min: 0, max: 0xffffffff });
  const uint16 = fc.integer({ min: 0, max: 0xffff });
  const uint8 = fc.integer({ min: 0, max: 0xff });
  const data = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  );
  const frames: fc.Arbitrary<Frame> = fc.record({
    command: uint8,
    localIp: uint32,
    localPort: uint16,
    clientIp: uint32,
    clientPort: uint16,
    connectionId: uint32,
    flags: uint8,
    gatewayPort: uint16,
    ext: data,
    body: data,
  });

  it('decodes what was encoded', () => {
    fc.assert(
      fc.property(frames, (frame) => {
        const bytes = encodeFrame(frame);
        assert.equal(bytes.length, frameLength(frame));
        const received = decodeFrame(bytes);
        assert.deepEqual(contentOf(received), contentOf(frame));
        assert.equal(received.extText(), Buffer.from(frame.ext).toString());
        assert.equal(received.bodyText(), Buffer.from(frame.body).toString());
      }),
    );
  });

  it('reads one frame after another into the same object, whatever memory they are in', () => {
    fc.assert(
      fc.property(fc.array(frames, { minLength: 2 }), (list) => {
        const encoded = list.map(encodeFrame);
        const chunk = Buffer.concat(encoded);
        let end = 0;
        const views = encoded.map(({ length }) => chunk.subarray(end, (end += length)));
        const into = new ReceivedFrame();
        for (const [index, frame] of list.entries()) {
          for (const bytes of [views[index], views[index], encoded[index], Buffer.from(encoded[index])]) {
            assert.deepEqual(contentOf(decodeFrame(bytes, into)), contentOf(frame));
            const copy = Buffer.alloc(bytes.length);
            into.copyTo(copy, 0);
            assert.deepEqual(copy, encoded[index]);
          }
        }
      }),
    );
  });

  it('writes and reads in the middle of other bytes, and touches no others', () => {
    fc.assert(
      fc.property(frames, fc.nat(20), fc.nat(20), (frame, before, after) => {
        const length = frameLength(frame);
        const target = Buffer.alloc(before + length + after, 0xaa);
        writeFrame(target, before, frame, length);
        assert.deepEqual(target.subarray(before, before + length), encodeFrame(frame));
        assert.ok(target.subarray(0, before).every((byte) => byte === 0xaa));
        assert.ok(target.subarray(before + length).every((byte) => byte === 0xaa));
        const received = decodeFrame(target, undefined, before, length);
        assert.deepEqual(contentOf(received), contentOf(frame));
        const copy = received.copy();
        const further = Buffer.alloc(after + length);
        received.copyTo(further, after);
        target.fill(0);
        assert.deepEqual(copy, encodeFrame(frame));
        assert.deepEqual(further.subarray(after), copy);
      }),
    );
  });
});

describe('frames that are refused', () => {
  it('are those whose lengths do not add up', () => {
    const bytes = encodeFrame({ ...emptyFrame(), ext: 'session', body: 'hello' });
    assert.throws(
      () => decodeFrame(bytes.subarray(0, HEADER_LENGTH - 1)),
      frameError(/27 bytes .* is cut off/),
    );
    assert.throws(() => decodeFrame(bytes.subarray(0, -1)), frameError(/39 bytes .* says 40/));
    bytes.writeUInt32BE(13, 24);
    assert.throws(() => decodeFrame(bytes), frameError(/claims 13 bytes of ext_data; there is room for 12/));
    bytes.writeUInt32BE(0xffffffff, 24);
    assert.throws(() => decodeFrame(bytes), frameError(/claims 4294967295 bytes/));
  });
});
