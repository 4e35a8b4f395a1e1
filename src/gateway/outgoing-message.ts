import { Buffer } from 'node:buffer';
import { Flag } from '../wire/command.js';
import { NAMED_BYTES, base64Text, unpackNamed } from '../wire/named-bytes.js';
import { phpJson } from '../wire/php-json.js';
import { unserialize } from '../wire/php-serialize.js';
import type { ClientRecord } from './client-record.js';
import type { ClientProtocol, Connection } from './protocols/protocol.js';

/** A message on its way to one client or a million: encoded once per protocol. */
export class OutgoingMessage {
  readonly #body: Buffer;
  readonly #flags: number;
  #protocol: ClientProtocol | undefined;
  #encoded: Buffer | undefined;
  #others: Map<ClientProtocol, Buffer> | undefined;
  /** What those are sent of bytes in a named message who take only its text. */
  #text: Buffer | undefined;

  /**
   * @param body may be a view that changes after this tick's call
   * @throws GW_SERIALIZE when a body without PLAIN_BODY is no PHP value, or none that JSON can hold
   * @throws GW_FRAME when a named one with bytes is cut off
   */
  constructor(body: Buffer, flags: number) {
    this.#body = (flags & Flag.PLAIN_BODY) === 0 ? fromPhp(body) : body;
    this.#flags = flags;
    if ((flags & NAMED_BYTES) === NAMED_BYTES) unpackNamed(body);
  }

  /** The message itself, in no protocol yet: a view. */
  get body(): Buffer {
    return this.#body;
  }

  get flags(): number {
    return this.#flags;
  }

  /** Bytes of the message itself. */
  get length(): number {
    return this.#body.length;
  }

  /** The bytes for this client, the same object for every client of a protocol that allows it. */
  encodedFor(client: ClientRecord): Buffer {
    const { connection } = client;
    const { protocol } = connection;
    if (protocol === this.#protocol) return this.#encoded as Buffer;
    if (!protocol.sharedEncoding) return this.#encode(protocol, connection);
    return this.#others?.get(protocol) ?? this.#encodeFirst(protocol, connection);
  }

  /** For the first client of its protocol. */
  #encodeFirst(protocol: ClientProtocol, connection: Connection): Buffer {
    const encoder = protocol.sameAs?.(this.#body.length, this.#flags) ?? protocol;
    const known = encoder === this.#protocol ? this.#encoded : this.#others?.get(encoder);
    const encoded = known ?? this.#encode(encoder, connection);
    this.#keep(protocol, encoded);
    if (encoder !== protocol && known === undefined) this.#keep(encoder, encoded);
    return encoded;
  }

  #keep(protocol: ClientProtocol, encoded: Buffer): void {
    if (this.#protocol === undefined) {
      this.#protocol = protocol;
      this.#encoded = encoded;
    } else {
      this.#others ??= new Map();
      this.#others.set(protocol, encoded);
    }
  }

  #encode(protocol: ClientProtocol, connection: Connection): Buffer {
    const flags = this.#flags;
    const binary = (flags & Flag.BINARY) !== 0;
    let encoded = this.#body;
    if ((flags & (Flag.NAMED | Flag.RAW)) === Flag.NAMED)
      encoded = this.#encodeNamed(protocol, binary, connection);
    else if ((flags & Flag.RAW) === 0) encoded = protocol.encode(this.#body, binary, connection);
    // bytes that still lie in the ring are overwritten soon
    return encoded.buffer === this.#body.buffer ? Buffer.from(encoded) : encoded;
  }

  #encodeNamed(protocol: ClientProtocol, binary: boolean, connection: Connection): Buffer {
    if (protocol.encodeNamed !== undefined) return protocol.encodeNamed(this.#body, binary, connection);
    if (!binary) return protocol.encode(this.#body, false, connection);
    this.#text ??= base64Text(this.#body);
    return protocol.encode(this.#text, false, connection);
  }
}

/** Whatever a PHP peer sends that is no string: as JSON, which is what Workerman makes of it for a websocket. */
function fromPhp(body: Buffer): Buffer {
  const value = unserialize(body);
  if (Buffer.isBuffer(value)) return value;
  return Buffer.from(typeof value === 'string' ? value : phpJson(value));
}
