import { Buffer } from 'node:buffer';
import { GatewayError } from '../base/errors.js';
import { Flag } from './command.js';
import { withoutArguments } from './named-message.js';

/*
 * A named message with bytes in its data, which Flag.NAMED | Flag.BINARY marks:
 *
 *   +--------+------+--------+-------+--------+-------+- -
 *   | length | text | length | bytes | length | bytes |        lengths are u32, big-endian
 *   +--------+------+--------+-------+--------+-------+- -
 *
 * In the text, {"_placeholder":true,"num":0} stands for the first bytes, as Socket.IO has it. Who is sent text only gets
 * {"base64":"…"} in its place.
 */

const EMPTY = Buffer.alloc(0);
/** Quotes inside a string are escaped: this is found in none. Others than ours may write it in another order, and with spaces. */
const PLACEHOLDER =
  /\{[ \t\r\n]*"_placeholder"[ \t\r\n]*:[ \t\r\n]*true[ \t\r\n]*,[ \t\r\n]*"num"[ \t\r\n]*:[ \t\r\n]*(\d+)[ \t\r\n]*\}|\{[ \t\r\n]*"num"[ \t\r\n]*:[ \t\r\n]*(\d+)[ \t\r\n]*,[ \t\r\n]*"_placeholder"[ \t\r\n]*:[ \t\r\n]*true[ \t\r\n]*\}/g;

/** Both flags. */
export const NAMED_BYTES = Flag.NAMED | Flag.BINARY;

/** Data as JSON, and the bytes that were in it. */
export interface DataText {
  /** Undefined for none: what JSON leaves out. */
  readonly json: string | undefined;
  readonly attachments: readonly Uint8Array[];
}

const NO_BYTES: readonly Uint8Array[] = [];

/** @throws TypeError, RangeError, or whatever a toJSON throws, for data that JSON cannot hold */
export function dataText(data: unknown): DataText {
  if (!holdsBytes(data, [])) return { json: JSON.stringify(data), attachments: NO_BYTES };
  const attachments: Uint8Array[] = [];
  const json = JSON.stringify(data, function (this: Record<string, unknown>, key, value: unknown) {
    const bytes = bytesOf(this[key]);
    if (bytes !== undefined) return { _placeholder: true, num: attachments.push(bytes) - 1 };
    if (isPlaceholder(value)) throw new TypeError('beside bytes, {"_placeholder":true} stands for some');
    return value;
  });
  return { json, attachments };
}

/** A named message as it travels. */
export function packNamed(text: string, attachments: readonly Uint8Array[]): Buffer {
  const parts = [Buffer.from(text), ...attachments];
  const body = Buffer.allocUnsafe(parts.reduce((sum, { length }) => sum + 4 + length, 0));
  let at = 0;
  for (const part of parts) {
    at = body.writeUInt32BE(part.length, at);
    body.set(part, at);
    at += part.length;
  }
  return body;
}

/** The text and the bytes of a named message: views. @throws GW_FRAME when its lengths do not add up */
export function unpackNamed(body: Buffer): {
  readonly text: Buffer;
  readonly attachments: readonly Buffer[];
} {
  const parts: Buffer[] = [];
  for (let at = 0; at < body.length; ) {
    const end = at + 4 <= body.length ? at + 4 + body.readUInt32BE(at) : Infinity;
    if (end > body.length) throw cutOff(body.length, parts.length);
    parts.push(body.subarray(at + 4, end));
    at = end;
  }
  const [text = EMPTY, ...attachments] = parts;
  return { text, attachments };
}

/** Attachments that a client's message may have: each costs far more than the four bytes that a client need send for it. */
export const MOST_ATTACHMENTS = 1_000;

/** Whether the lengths add up in what anybody may have sent. */
export function isPacked(body: Buffer): boolean {
  let at = 0;
  let parts = 0;
  while (at + 4 <= body.length && parts++ <= MOST_ATTACHMENTS) at += 4 + body.readUInt32BE(at);
  return at === body.length && at > 0;
}

/**
 * What is in a text. Bytes stand in one place: a second one would make much of a short message.
 *
 * @throws SyntaxError, or RangeError for what nests too deep
 */
export function parseNamed(text: Buffer, attachments: readonly Buffer[]): unknown {
  const left = new Map(attachments.entries());
  return JSON.parse(text.toString(), (_key, value: unknown) => {
    if (!isPlaceholder(value)) return value;
    const bytes = takeFrom(left, Number(value.num));
    return bytes === undefined ? value : Buffer.from(bytes);
  });
}

/** A named message as those are sent it who take only text: bytes are base64. @throws GW_FRAME */
export function base64Text(body: Buffer): Buffer {
  const { text, attachments } = unpackNamed(body);
  const left = new Map(attachments.entries());
  // byte for byte: the text stays what it is
  const plain = text.toString('latin1').replace(PLACEHOLDER, (found, first?: string, second?: string) => {
    const bytes = takeFrom(left, Number(first ?? second));
    return bytes === undefined ? found : `{"base64":"${bytes.toString('base64')}"}`;
  });
  return Buffer.from(plain, 'latin1');
}

/** What a client has sent by name as those get it who know of no names: text, in which one argument is data. @throws GW_FRAME */
export function plainText(body: Buffer, flags: number): Buffer | string {
  return withoutArguments((flags & Flag.BINARY) === 0 ? body : base64Text(body));
}

/** @param within the objects that it lies in */
function holdsBytes(value: unknown, within: object[]): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (bytesOf(value) !== undefined) return true;
  // of a circle JSON says that it cannot be held
  if ('toJSON' in value || within.includes(value)) return false;
  within.push(value);
  let found = false;
  if (Array.isArray(value)) {
    found = value.some((item) => holdsBytes(item, within));
  } else {
    for (const key in value) {
      if (holdsBytes((value as Record<string, unknown>)[key], within)) {
        found = true;
        break;
      }
    }
  }
  within.pop();
  return found;
}

/** Whether an object stands for bytes, where there are any. */
function isPlaceholder(value: unknown): value is { readonly _placeholder: true; readonly num?: unknown } {
  return (
    typeof value === 'object' && value !== null && '_placeholder' in value && value['_placeholder'] === true
  );
}

function takeFrom(left: Map<number, Buffer>, num: number): Buffer | undefined {
  const bytes = left.get(num);
  left.delete(num);
  return bytes;
}

function bytesOf(value: unknown): Uint8Array | undefined {
  if (value instanceof Uint8Array) return value;
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  return value instanceof ArrayBuffer ? new Uint8Array(value) : undefined;
}

function cutOff(length: number, parts: number): GatewayError {
  return new GatewayError(
    'GW_FRAME',
    `A named message of ${length} bytes is cut off in its part ${parts}; expected parts of a length and as many bytes.`,
  );
}
