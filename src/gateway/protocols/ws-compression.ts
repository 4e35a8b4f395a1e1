import * as ws from 'ws';
import { COMPRESSION } from '../../config/compression.js';
import { type DeflateSettings, deflatingProtocol } from './ws-deflate.js';
import type { WsProtocol } from './ws-frame.js';

/*
 * Which compression a client and its listener agree on (RFC 7692, 5 and 7.1). A client may offer several ways, the one that it
 * likes best first:
 *
 *     Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=10, permessage-deflate; client_max_window_bits
 *
 * Whatever it offers, it is told that neither side keeps a window from one message to the next, which a server may do
 * without being asked (7.1.1). With that, no client costs memory. Its own window may be as large as it likes.
 */

const NAME = 'permessage-deflate';
const LARGEST_WINDOW_BITS = 15;
const WINDOW_BITS = /^([89]|1[0-5])$/;

/** The parameters of one offer, each with all the values that it came with: `true` where it had none. */
type Offer = Readonly<Record<string, readonly (string | true)[]>>;

/** What @types/ws does not know. */
const { extension } = ws as unknown as {
  extension: { parse(header: string): Readonly<Record<string, readonly Offer[]>> };
};

/** What was agreed on. */
export interface Agreement {
  /** What the client is told, as the value of its header. */
  readonly header: string;
  readonly protocol: WsProtocol;
}

/** The compression of a listener that has it. */
export class Compression {
  readonly #settings: DeflateSettings;

  constructor(setting: true | Partial<DeflateSettings>) {
    this.#settings = setting === true ? COMPRESSION : { ...COMPRESSION, ...setting };
  }

  /**
   * The first offer that can be met.
   *
   * @param header what the client offers
   * @returns undefined for none: its messages are not compressed
   * @throws SyntaxError when it has not the form that it must have (RFC 6455, 9.1)
   */
  agree(header: string): Agreement | undefined {
    for (const offer of offersIn(header)) {
      const windowBits = windowBitsOf(offer);
      if (windowBits === undefined) continue;
      const answer = [NAME, 'server_no_context_takeover', 'client_no_context_takeover'];
      if (offer.server_max_window_bits !== undefined) answer.push(`server_max_window_bits=${windowBits}`);
      return { header: answer.join('; '), protocol: deflatingProtocol(this.#settings, windowBits) };
    }
    return undefined;
  }
}

function offersIn(header: string): readonly Offer[] {
  try {
    return header.trim() === '' ? [] : (extension.parse(header)[NAME] ?? []);
  } catch (error) {
    throw new SyntaxError(`Sec-WebSocket-Extensions: ${(error as Error).message}`);
  }
}

/** Bits of the window that an offer leaves us; undefined when it is to be declined: for a parameter or value that there is not. */
function windowBitsOf(offer: Offer): number | undefined {
  let windowBits = LARGEST_WINDOW_BITS;
  for (const [name, values] of Object.entries(offer)) {
    const [value] = values;
    // no parameter may come twice
    if (values.length > 1) return undefined;
    switch (name) {
      case 'server_no_context_takeover':
      case 'client_no_context_takeover':
        if (value !== true) return undefined;
        break;
      case 'server_max_window_bits':
        if (value === true || !WINDOW_BITS.test(value)) return undefined;
        windowBits = Number(value);
        break;
      case 'client_max_window_bits':
        if (value !== true && !WINDOW_BITS.test(value)) return undefined;
        break;
      default:
        return undefined;
    }
  }
  return windowBits;
}
