import type { Buffer } from 'node:buffer';
import { type ZlibOptions, constants, deflateRawSync } from 'node:zlib';
import { RSV1, WHOLE_BINARY, WHOLE_TEXT, type WsProtocol, frame, wsProtocol } from './ws-frame.js';

/** Bytes of the longest message that is compressed: each takes some milliseconds, in which nobody else gets anything. */
const LONGEST = 128 * 1024;
/** What a flush ends with, and the receiver adds (RFC 7692, 7.2.1): 00 00 FF FF. */
const ENDING_BYTES = 4;
/** Of the setting `windowBits` of zlib, whose window of 2⁹ bytes never looks back further than 250: 2⁸ are enough to inflate that. */
const LEAST_WINDOW_BITS = 9;

/** How a listener compresses. */
export interface DeflateSettings {
  /** Bytes: shorter messages go out as they are. */
  readonly threshold: number;
  /** zlib's, 1 to 9. */
  readonly level: number;
}

/**
 * A websocket whose client has agreed to compression (RFC 7692), both ways. Each message is compressed for itself, without a
 * window from the one before: so no client has any state here, and one message is compressed once for all of them.
 */
class DeflatingProtocol implements WsProtocol {
  readonly name = 'ws';
  readonly sharedEncoding = true;
  readonly inflates = true;
  readonly named = false;
  readonly #threshold: number;
  readonly #options: ZlibOptions;

  constructor({ threshold, level }: DeflateSettings, windowBits: number) {
    this.#threshold = threshold;
    this.#options = {
      level,
      windowBits: Math.max(windowBits, LEAST_WINDOW_BITS),
      finishFlush: constants.Z_SYNC_FLUSH,
    };
  }

  sameAs(length: number): WsProtocol {
    return length < this.#threshold || length > LONGEST ? wsProtocol : this;
  }

  encode(message: Buffer, binary: boolean): Buffer {
    const first = binary ? WHOLE_BINARY : WHOLE_TEXT;
    const { length } = message;
    if (length < this.#threshold || length > LONGEST) return frame(first, message);
    const deflated = deflateRawSync(message, this.#options);
    if (deflated.length - ENDING_BYTES >= length) return frame(first, message);
    return frame(first | RSV1, deflated.subarray(0, -ENDING_BYTES));
  }
}

/** One for the same settings, so that listeners share what is compressed. */
const protocols = new Map<string, WsProtocol>();

/** @param windowBits 8 to 15: the client's window has 2 to the power of that many bytes */
export function deflatingProtocol(settings: DeflateSettings, windowBits: number): WsProtocol {
  const key = `${settings.threshold} ${settings.level} ${windowBits}`;
  let protocol = protocols.get(key);
  if (protocol === undefined) {
    protocol = new DeflatingProtocol(settings, windowBits);
    protocols.set(key, protocol);
  }
  return protocol;
}
