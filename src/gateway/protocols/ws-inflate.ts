import { Buffer } from 'node:buffer';
import { type ZlibOptions, inflateRaw, inflateRawSync } from 'node:zlib';
import { Queue } from '../../base/queue.js';

/*
 * Takes the compression off what clients send (RFC 7692, 7.2.2). No client's window is kept from one message to the next:
 * clients are told `client_no_context_takeover`, so each message begins anew.
 */

/**
 * What a client leaves out at the end of a message, and an empty last block behind it. So there is an end that has to be
 * reached, and a message that is cut off anywhere shows.
 */
const ENDING = Buffer.from('0000ffff010000ffff', 'hex');
/** Bytes before and after, up to which a message is inflated here: another thread would cost this one as much, some 60 µs. */
const SHORT_COMPRESSED = 8_192;
const SHORT = 32_768;
/** Bytes that come back from another thread at once. */
const LONG_CHUNK = 262_144;
/**
 * Long messages at once, of all clients: libuv has four threads, which others need as well, and a few bytes of each may
 * become as much memory as the longest message takes.
 */
const AT_ONCE = 2;

/** A message as it was before it was compressed, or why there is none. */
export type Inflated = Buffer | 'too long' | 'corrupt';

/** What zlib gives for `info`, which its types leave out. */
interface Info {
  readonly buffer: Buffer;
  readonly engine: { readonly bytesWritten: number };
}

/**
 * Inflates a short message. @param longest bytes that it may have
 * @returns undefined for a long one, or one that becomes long: that is {@link Inflation}'s
 */
export function inflateShort(compressed: Buffer, longest: number): Inflated | undefined {
  if (compressed.length > SHORT_COMPRESSED) return undefined;
  const input = Buffer.concat([compressed, ENDING]);
  try {
    const info: unknown = inflateRawSync(input, optionsFor(compressed, Math.min(longest, SHORT)));
    return result(info as Info, compressed.length);
  } catch (error) {
    const reason = reasonOf(error as Error);
    return reason === 'too long' && longest > SHORT ? undefined : reason;
  }
}

/** Most messages become some four times as long as they come. */
function optionsFor({ length }: Buffer, maxOutputLength: number): ZlibOptions {
  return { info: true, maxOutputLength, chunkSize: Math.min(Math.max(1_024, 4 * length), SHORT) };
}

/**
 * A block that the client marks as its last one ends the message: behind it may only be the byte that RFC 7692, 7.2.3.4
 * adds.
 */
function result({ buffer, engine }: Info, length: number): Inflated {
  return engine.bytesWritten >= length - 1 ? buffer : 'corrupt';
}

function reasonOf(error: NodeJS.ErrnoException): 'too long' | 'corrupt' {
  return error.code === 'ERR_BUFFER_TOO_LARGE' ? 'too long' : 'corrupt';
}

/** A long message that another thread inflates when it is its turn. Never more is made of it than it may have. */
export class Inflation {
  /** Bytes before. */
  readonly length: number;
  readonly binary: boolean;
  /** What whoever waits for it does next. */
  next: 'reading' | 'paused' | 'finishing';
  readonly #longest: number;
  #input: Buffer | undefined;
  #done: (inflated: Inflated) => void = () => {};

  /** @param compressed copied; @param longest bytes that it may have afterwards */
  constructor(compressed: Buffer, binary: boolean, longest: number, next: 'reading' | 'finishing') {
    this.length = compressed.length;
    this.binary = binary;
    this.next = next;
    this.#longest = longest;
    this.#input = Buffer.concat([compressed, ENDING]);
  }

  /** @param done called later, once, and not after {@link cancel} */
  start(done: (inflated: Inflated) => void): void {
    this.#done = done;
    waiting.push(this);
    if (running < AT_ONCE) startNext();
  }

  /** Nobody waits for it any more. */
  cancel(): void {
    this.#input = undefined;
    this.#done = () => {};
  }

  /** Its turn has come. @returns whether it is still wanted */
  run(): boolean {
    if (this.#input === undefined) return false;
    const options = { info: true, maxOutputLength: this.#longest, chunkSize: LONG_CHUNK };
    inflateRaw(this.#input, options, (error: Error | null, info: unknown) => {
      running--;
      startNext();
      this.#done(error === null ? result(info as Info, this.length) : reasonOf(error));
    });
    return true;
  }
}

const waiting = new Queue<Inflation>();
let running = 0;

/** A thread is free. */
function startNext(): void {
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    if (!next.run()) continue;
    running++;
    return;
  }
}
