import type { Buffer } from 'node:buffer';
import { NAMED_BYTES } from '../../wire/named-bytes.js';
import type { ClientProtocol, Connection } from './protocol.js';
import type { WsProtocol } from './ws-frame.js';

/**
 * A websocket whose client has the subprotocol of named messages: one with bytes in it is a binary message, both ways.
 * Everything else is as without it, down to the encoded bytes.
 */
class NamedProtocol implements WsProtocol {
  readonly name = 'ws';
  readonly sharedEncoding = true;
  readonly named = true;
  readonly #base: WsProtocol;

  constructor(base: WsProtocol) {
    this.#base = base;
  }

  get inflates(): boolean {
    return this.#base.inflates;
  }

  sameAs(length: number, flags: number): ClientProtocol {
    if ((flags & NAMED_BYTES) === NAMED_BYTES) return this;
    return this.#base.sameAs?.(length, flags) ?? this.#base;
  }

  encode(message: Buffer, binary: boolean, connection: Connection): Buffer {
    return this.#base.encode(message, binary, connection);
  }

  encodeNamed(message: Buffer, binary: boolean, connection: Connection): Buffer {
    return this.#base.encode(message, binary, connection);
  }
}

const protocols = new Map<WsProtocol, WsProtocol>();

/** @param base what was agreed on beside that: the same gives the same */
export function namedProtocol(base: WsProtocol): WsProtocol {
  let protocol = protocols.get(base);
  if (protocol === undefined) {
    protocol = new NamedProtocol(base);
    protocols.set(base, protocol);
  }
  return protocol;
}
