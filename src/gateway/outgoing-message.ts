import { Buffer } from 'node:buffer';
import { Flag } from '../wire/command.js';
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

  /**
   * @param body may be a view that changes after this tick's call
   * @throws GW_SERIALIZE when a body without PLAIN_BODY is no PHP value, or none that JSON can hold
   */
  constructor(body: Buffer, flags: number) {
    this.#body = (flags & Flag.PLAIN_BODY) === 0 ? fromPhp(body) : body;
    this.#flags = flags;
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
    const encoder = protocol.sameAs?.(this.#body.length) ?? protocol;
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
    const raw = (this.#flags & Flag.RAW) !== 0;
    const encoded = raw
      ? this.#body
      : protocol.encode(this.#body, (this.#flags & Flag.BINARY) !== 0, connection);
    // bytes that still lie in the ring are overwritten soon
    return encoded.buffer === this.#body.buffer ? Buffer.from(encoded) : encoded;
  }
}

/** Whatever a PHP peer sends that is no string: as JSON, which is what Workerman makes of it for a websocket. */
function fromPhp(body: Buffer): Buffer {
  const value = unserialize(body);
  if (Buffer.isBuffer(value)) return value;
  return Buffer.from(typeof value === 'string' ? value : phpJson(value));
}
