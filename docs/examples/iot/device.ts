/**
 * What a device and this server say to each other, in as few bytes as a small device likes:
 *
 *    0        1      2
 *   +--------+------+-------------+
 *   | length | kind | the rest    |    length: of all of it, 2 to 255
 *   +--------+------+-------------+
 *
 *   kind 1  hello    from the device   its name, in UTF-8
 *   kind 2  reading  from the device   int16: tenths of a degree; uint8: the lamp, 1 is on
 *   kind 3  switch   to the device     uint8: the lamp
 *
 * The gateway turns these into JSON and back, so that events/ knows nothing of bytes.
 */
import type { ProtocolModule } from 'gatewayworker';

/** What a device says. */
export type Report =
  | { type: 'hello'; name: string }
  | { type: 'reading'; temperature: number; lamp: boolean };

/** What it is told. */
export interface Order {
  type: 'switch';
  lamp: boolean;
}

const HELLO = 1;
const READING = 2;
const SWITCH = 3;
/** Length and kind. */
const HEADER = 2;

export default {
  input(buffer) {
    const length = buffer.readUInt8(0);
    return length < HEADER ? -1 : length; // what can be no message closes the connection
  },
  decode: (buffer) => JSON.stringify(readReport(buffer)),
  encode: (message) => writeOrder(JSON.parse(String(message)) as Order),
} satisfies ProtocolModule;

function readReport(buffer: Buffer): Report {
  switch (buffer[1]) {
    case HELLO:
      return { type: 'hello', name: buffer.toString('utf8', HEADER) };
    case READING:
      return {
        type: 'reading',
        temperature: buffer.readInt16BE(HEADER) / 10,
        lamp: buffer[HEADER + 2] === 1,
      };
    default:
      throw new Error(`a message of kind ${buffer[1]}`);
  }
}

function writeOrder({ lamp }: Order): Buffer {
  return Buffer.from([HEADER + 1, SWITCH, lamp ? 1 : 0]);
}

/** The device's side, for the simulator and the tests. */
export function writeReport(report: Report): Buffer {
  if (report.type === 'hello') {
    const name = Buffer.from(report.name);
    return Buffer.from([HEADER + name.length, HELLO, ...name]);
  }
  const bytes = Buffer.from([HEADER + 3, READING, 0, 0, report.lamp ? 1 : 0]);
  bytes.writeInt16BE(Math.round(report.temperature * 10), HEADER);
  return bytes;
}

/** Every order in what has come from the server, which may be several, and the bytes of one that is not all here. */
export function readOrders(bytes: Buffer): { orders: Order[]; rest: Buffer } {
  const orders: Order[] = [];
  let at = 0;
  for (; at < bytes.length && at + bytes[at] <= bytes.length; at += bytes[at]) {
    orders.push({ type: 'switch', lamp: bytes[at + HEADER] === 1 });
  }
  return { orders, rest: bytes.subarray(at) };
}
