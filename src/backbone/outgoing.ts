import type { Clock, Timer } from '../base/clock.js';
import { Queue } from '../base/queue.js';
import type { LinkGauge } from '../ring/link-gauge.js';
import { type Frame, type ReceivedFrame, encodeFrame, frameLength, writeFrame } from '../wire/frame.js';
import { HeaderWriter, Kind, MARK_LENGTH } from './message-header.js';
import { type Stream, Use } from './stream.js';
import { UsedStreams } from './used-streams.js';

/** Bytes that may be on their way to the server without its having confirmed them. */
const WINDOW = 4 * 2 ** 20;
/** Bytes of the longest message, whatever the server allows; of one with several frames. */
const LONGEST_MESSAGE = 2 ** 20;
const LONGEST_BATCH = 2 ** 15;
/** Bytes without the server's confirmation after which it is asked for that, and milliseconds after the first of them. */
const ASK_AFTER = 2 ** 18;
const ASK_WITHIN = 20;
/** Bytes that a message is counted with beside its own. */
const OVERHEAD = 256;
/** Where a frame has client_port. */
const CLIENT_PORT = 15;

/** What carries messages: see BackboneConnection. */
export interface OutgoingCarrier {
  readonly maxPayload: number;
  publish(subject: string, payload: Uint8Array): boolean;
  confirmed(): Promise<boolean>;
}

export interface OutgoingOptions {
  /** 48 bits. */
  readonly instance: number;
  readonly cell: string;
  readonly carrier: OutgoingCarrier;
  readonly clock: Clock;
  /** Bytes that may wait before it is congested. */
  readonly bufferSize: number;
  /** Shows what waits to those who send. */
  readonly gauge: LinkGauge;
  /** Little waits again. */
  readonly onDrained: () => void;
  /** The server takes no message like this. */
  readonly onRefused: (subject: string, error: Error) => void;
}

interface Message {
  readonly stream: Stream;
  readonly payload: Buffer;
  readonly frames: number;
}

/**
 * What this node publishes. Frames for one subject in a row, in one turn, are one message. A message is kept until the server
 * has confirmed it, and published again when the connection broke before: who has it already knows by its numbers.
 *
 *    add ─► open message ─► waiting ─► in flight ─► confirmed
 *                              ▲          │
 *                              └──────────┘ the connection broke
 */
export class Outgoing {
  readonly #options: OutgoingOptions;
  readonly #header: HeaderWriter;
  readonly #waiting = new Queue<Message>();
  #inFlight = new Queue<Message>();
  #waitingBytes = 0;
  #inFlightBytes = 0;
  #congested = false;
  #confirming = false;
  /** Whether there is nobody to send to, and nothing is kept. */
  #apart = true;
  /** Whether what is kept does not go out yet. */
  #held = true;
  /** Where the open message is put together. */
  readonly #batch = Buffer.allocUnsafeSlow(LONGEST_BATCH);
  // the open message
  #stream: Stream | undefined;
  #bytes: Buffer = this.#batch;
  #end = 0;
  #count = 0;
  #askSoon: Timer | undefined;
  #flushing = false;
  readonly #onSettled: (() => void)[] = [];
  readonly #flush = (): void => {
    this.#flushing = false;
    this.#finish();
    this.#pump();
  };
  readonly #used: UsedStreams;
  /** Frames that were published. */
  published = 0;
  /** Frames that were not, since there was no connection for too long, or the server refused them. */
  unsent = 0;

  constructor(options: OutgoingOptions) {
    this.#options = options;
    this.#used = new UsedStreams(options.clock);
    this.#header = new HeaderWriter(options.instance, options.cell);
  }

  /** Of what is kept: waiting, or not confirmed. */
  get bufferedBytes(): number {
    return this.#waitingBytes + this.#inFlightBytes;
  }

  get congested(): boolean {
    return this.#congested;
  }

  /** Publishes a frame as it came. @param slot of whoever sends it, for the answer; undefined where there is none */
  relay(stream: Stream, frame: ReceivedFrame, slot?: number): void {
    const { length } = frame;
    const at = this.#room(stream, length);
    if (at === 0) {
      if (!this.#apart) this.#inParts(stream, withSlot(frame.copy(), 0, slot));
      return;
    }
    frame.copyTo(this.#bytes, at);
    withSlot(this.#bytes, at, slot);
  }

  /** Publishes a frame. */
  send(stream: Stream, frame: Frame): void {
    const length = frameLength(frame);
    const at = this.#room(stream, length);
    if (at > 0) writeFrame(this.#bytes, at, frame, length);
    else if (!this.#apart) this.#inParts(stream, encodeFrame(frame));
  }

  /** Publishes something that is no frame. */
  note(stream: Stream, kind: number, body: Buffer): void {
    if (this.#apart) return;
    this.#finish();
    const { length } = this.#header;
    const payload = Buffer.allocUnsafe(length + body.length);
    this.#header.write(payload, kind, stream.id, stream.next);
    body.copy(payload, length);
    this.#push(stream, payload, 0);
    this.#later();
  }

  /** Publishes something that is no frame at once, before what waits. Where there is no connection, it is nobody's. */
  noteNow(stream: Stream, kind: number, body: Buffer): void {
    const { length } = this.#header;
    const payload = Buffer.allocUnsafe(length + body.length);
    this.#header.write(payload, kind, stream.id, 0);
    body.copy(payload, length);
    this.#options.carrier.publish(stream.subject, payload);
  }

  /** Whether nothing waits that has a number. */
  get isEven(): boolean {
    return this.#waiting.length === 0 && this.#stream === undefined;
  }

  /** There is a connection: from now on everything is kept until {@link go}. */
  connected(): void {
    this.#apart = false;
  }

  /** The others are there: what waits goes out, with what was not confirmed on the last connection first. */
  go(): void {
    this.#held = false;
    this.#pump();
  }

  /** There is none: what was not confirmed waits again. */
  disconnected(): void {
    this.#held = true;
    this.#finish();
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const message of this.#inFlight) this.#waiting.push(message);
    for (const message of waiting) this.#waiting.push(message);
    this.#inFlight = new Queue();
    this.#waitingBytes += this.#inFlightBytes;
    this.#inFlightBytes = 0;
  }

  /** There will be none for long: what waits is given up, and what comes as well. Its numbers stay, so that it is missed. */
  giveUp(): void {
    this.#finish();
    this.#apart = true;
    for (const { frames } of this.#waiting) this.unsent += frames;
    this.#waiting.clear();
    this.#waitingBytes = 0;
    this.#changed();
  }

  /** Resolves when everything has been confirmed, or given up. */
  async settled(): Promise<void> {
    this.#flush();
    void this.#confirm();
    if (this.bufferedBytes > 0) await new Promise<void>((resolve) => this.#onSettled.push(resolve));
  }

  /** A second is over: who has followed a stream that has become quiet is told where it ends. */
  sweep(): void {
    for (const stream of this.#used.sweep()) this.#mark(stream);
  }

  /** Says of all streams that were used in so many milliseconds where they end. */
  markSince(milliseconds: number): void {
    for (const stream of this.#used.since(milliseconds)) this.#mark(stream);
  }

  #mark(stream: Stream): void {
    const age = Math.ceil(this.#options.clock.now() - stream.startedAt);
    const body = Buffer.allocUnsafe(MARK_LENGTH);
    body.writeUInt32BE(stream.start, 0);
    body.writeUInt32BE(Math.min(age, 0xffff_ffff), 4);
    this.note(stream, Kind.MARK, body);
  }

  /** Makes room for a frame in the open message, and counts it. @returns where; 0: it is not sent, or does not fit into one */
  #room(stream: Stream, length: number): number {
    if (stream.use !== Use.USED) this.#used.use(stream);
    if (this.#apart) {
      stream.next = (stream.next + 1) >>> 0;
      this.unsent++;
      return 0;
    }
    const limit = this.#limit;
    const header = this.#header.length;
    if (header + length > limit) {
      this.#finish();
      return 0;
    }
    if (this.#stream !== stream || this.#end + length > Math.min(limit, this.#bytes.length)) {
      this.#finish();
      this.#stream = stream;
      this.#bytes = header + length > LONGEST_BATCH ? Buffer.allocUnsafe(header + length) : this.#batch;
      this.#header.write(this.#bytes, Kind.FRAMES, stream.id, stream.next);
      this.#end = header;
    }
    const at = this.#end;
    this.#end += length;
    this.#count++;
    stream.next = (stream.next + 1) >>> 0;
    this.#waitingBytes += length;
    this.#later();
    if (!this.#congested && this.bufferedBytes > this.#options.bufferSize) this.#congested = true;
    this.#options.gauge.show(this.bufferedBytes, this.#congested);
    return at;
  }

  get #limit(): number {
    return Math.min(this.#options.carrier.maxPayload, LONGEST_MESSAGE);
  }

  /** Publishes a frame that is longer than a message may be. */
  #inParts(stream: Stream, bytes: Buffer): void {
    const { length } = this.#header;
    const room = this.#limit - length;
    const parts = Math.ceil(bytes.length / room);
    for (let part = 0; part < parts; part++) {
      const piece = bytes.subarray(part * room, (part + 1) * room);
      const payload = Buffer.allocUnsafe(length + piece.length);
      this.#header.write(payload, Kind.PART, stream.id, stream.next, part, parts);
      const last = part === parts - 1;
      this.#header.setCount(payload, last ? 1 : 0);
      piece.copy(payload, length);
      this.#push(stream, payload, last ? 1 : 0);
    }
    stream.next = (stream.next + 1) >>> 0;
    this.#later();
    this.#changed();
  }

  /** Ends the open message. */
  #finish(): void {
    const stream = this.#stream;
    if (stream === undefined) return;
    this.#stream = undefined;
    const frames = this.#count;
    this.#header.setCount(this.#bytes, frames);
    // its frames' bytes are counted already
    this.#waitingBytes -= this.#end - this.#header.length;
    const filled = this.#bytes.subarray(0, this.#end);
    this.#push(stream, this.#bytes === this.#batch ? Buffer.from(filled) : filled, frames);
    this.#count = 0;
  }

  #push(stream: Stream, payload: Buffer, frames: number): void {
    this.#waiting.push({ stream, payload, frames });
    this.#waitingBytes += payload.length + OVERHEAD;
  }

  #later(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    queueMicrotask(this.#flush);
  }

  #pump(): void {
    if (this.#held) return;
    const { carrier } = this.#options;
    while (this.#inFlightBytes < WINDOW) {
      const message = this.#waiting.peek();
      if (message === undefined) break;
      const size = message.payload.length + OVERHEAD;
      try {
        if (!carrier.publish(message.stream.subject, message.payload)) break;
      } catch (error) {
        this.#waiting.shift();
        this.#waitingBytes -= size;
        this.unsent += message.frames;
        this.#options.onRefused(message.stream.subject, error as Error);
        continue;
      }
      this.#waiting.shift();
      this.#waitingBytes -= size;
      this.#inFlight.push(message);
      this.#inFlightBytes += size;
    }
    if (this.#confirming || this.#inFlight.length === 0) return;
    if (this.#inFlightBytes >= ASK_AFTER) void this.#confirm();
    else this.#askSoon ??= this.#options.clock.setTimeout(() => void this.#confirm(), ASK_WITHIN);
  }

  /** One question of the server at a time: what was published before it has been taken when it is answered. */
  async #confirm(): Promise<void> {
    if (this.#confirming) return;
    this.#confirming = true;
    this.#askSoon?.cancel();
    this.#askSoon = undefined;
    do {
      const asked = this.#inFlight;
      const { length } = asked;
      const confirmed = await this.#options.carrier.confirmed();
      // the connection has broken meanwhile, and there is perhaps another one
      if (asked !== this.#inFlight) continue;
      // it has broken, of which we are told next
      if (!confirmed) {
        this.#confirming = false;
        return;
      }
      for (let count = 0; count < length; count++) {
        const { payload, frames } = asked.shift() as Message;
        this.#inFlightBytes -= payload.length + OVERHEAD;
        this.published += frames;
      }
      this.#changed();
      this.#pump();
    } while (this.#inFlightBytes >= ASK_AFTER);
    this.#confirming = false;
    this.#pump();
  }

  #changed(): void {
    const { bufferSize, gauge, onDrained } = this.#options;
    const drained = this.#congested && this.bufferedBytes <= bufferSize / 2;
    if (drained) this.#congested = false;
    else if (this.bufferedBytes > bufferSize) this.#congested = true;
    gauge.show(this.bufferedBytes, this.#congested);
    if (drained) onDrained();
    if (this.bufferedBytes === 0) for (const resolve of this.#onSettled.splice(0)) resolve();
  }
}

/** @param at where the frame begins */
function withSlot(bytes: Buffer, at: number, slot: number | undefined): Buffer {
  if (slot !== undefined) bytes.writeUInt16BE(slot, at + CLIENT_PORT);
  return bytes;
}
