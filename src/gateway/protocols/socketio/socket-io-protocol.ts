import { Buffer } from 'node:buffer';
import { unpackNamed } from '../../../wire/named-bytes.js';
import { type NamedSlices, sliceNamed } from '../../../wire/named-message.js';
import type { ClientProtocol } from '../protocol.js';
import { SocketIoType } from './socket-io-packet.js';

/** The event that a message without a name is. */
const UNNAMED = '"message"';
const PLACEHOLDER = '{"_placeholder":true,"num":0}';

/** Messages to the clients of one namespace, on websockets of one kind: an event is encoded once for all of them. */
export class SocketIoProtocol implements ClientProtocol {
  readonly name = 'socket.io';
  readonly sharedEncoding = true;
  readonly ownHeartbeat = true as const;
  /** What stands before an id: `/admin,`, or nothing. */
  readonly #prefix: string;
  /** How packets look on the websocket. */
  readonly #frames: ClientProtocol;
  readonly #sibling: (frames: ClientProtocol) => ClientProtocol;

  /** @param sibling the protocol of the same namespace on websockets of another kind */
  constructor(prefix: string, frames: ClientProtocol, sibling: (frames: ClientProtocol) => ClientProtocol) {
    this.#prefix = prefix;
    this.#frames = frames;
    this.#sibling = sibling;
  }

  sameAs(length: number, flags: number): ClientProtocol {
    const frames = this.#frames.sameAs?.(length, flags) ?? this.#frames;
    return frames === this.#frames ? this : this.#sibling(frames);
  }

  encode(message: Buffer, binary: boolean): Buffer {
    if (binary) {
      const head = `${SocketIoType.BINARY_EVENT}1-${this.#prefix}[${UNNAMED},${PLACEHOLDER}]`;
      return this.#packets(Buffer.from(`4${head}`), [message]);
    }
    const text = JSON.stringify(message.toString());
    return this.#packets(Buffer.from(`4${SocketIoType.EVENT}${this.#prefix}[${UNNAMED},${text}]`), []);
  }

  encodeNamed(message: Buffer, binary: boolean): Buffer {
    const { text, attachments } = binary ? unpackNamed(message) : { text: message, attachments: [] };
    const slices = sliceNamed(text);
    if (slices === undefined) return this.encode(text, false);
    const isEvent = slices.nameEnd > 0 || slices.id === undefined;
    const type = isEvent ? SocketIoType.EVENT : SocketIoType.ACK;
    const count = attachments.length;
    const kind = count === 0 ? `4${type}` : `4${type + BINARY}${count}-`;
    const head = `${kind}${this.#prefix}${slices.id ?? ''}[`;
    return this.#packets(packetOf(head, text, slices), attachments);
  }

  #packets(packet: Buffer, attachments: readonly Buffer[]): Buffer {
    const first = this.#frames.encode(packet, false, NO_CONNECTION);
    if (attachments.length === 0) return first;
    return Buffer.concat([
      first,
      ...attachments.map((bytes) => this.#frames.encode(bytes, true, NO_CONNECTION)),
    ]);
  }
}

/** What makes the type of a packet one with attachments. */
const BINARY = SocketIoType.BINARY_EVENT - SocketIoType.EVENT;

/** Websockets encode the same for all. */
const NO_CONNECTION = undefined as never;

/** @param head what stands before the first element of the JSON */
function packetOf(head: string, text: Buffer, slices: NamedSlices): Buffer {
  const { id, nameStart, nameEnd, member, valueStart, valueEnd } = slices;
  const isRefusal = member === 'error';
  // that of an event is one itself, that of a request an answer whose one argument says so
  const name = isRefusal && id === undefined ? '"error"' : '';
  const opening = isRefusal && id !== undefined ? '{"error":' : '';
  const isList = member === 'args';
  const start = isList ? valueStart + 1 : valueStart;
  const end = isList ? valueEnd - 1 : valueEnd;
  const comma = (nameEnd > 0 || name !== '') && end > start ? ',' : '';
  const closing = opening === '' ? ']' : '}]';
  const bytes = Buffer.allocUnsafe(
    Buffer.byteLength(head) +
      name.length +
      (nameEnd - nameStart) +
      comma.length +
      opening.length +
      (end - start) +
      closing.length,
  );
  let at = bytes.write(head);
  at += bytes.write(name, at, 'latin1');
  at += text.copy(bytes, at, nameStart, nameEnd);
  at += bytes.write(comma + opening, at, 'latin1');
  at += text.copy(bytes, at, start, end);
  bytes.write(closing, at, 'latin1');
  return bytes;
}
