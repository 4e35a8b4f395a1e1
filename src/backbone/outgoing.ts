import { type Frame, type ReceivedFrame, encodeFrame, frameLength, writeFrame } from '../wire/frame.js';
import { HeaderWriter, Kind, MARK_LENGTH } from './message-header.js';
import { MessageQueue, type MessageQueueOptions } from './message-queue.js';
import { type Stream, Use } from './stream.js';
import { type UsePeriod, UsedStreams } from './used-streams.js';

/** Bytes of the longest message, whatever the server allows; of one with several frames. */
const LONGEST_MESSAGE = 2 ** 20;
const LONGEST_BATCH = 2 ** 15;
/** Where a frame has client_port. */
const CLIENT_PORT = 15;

export interface OutgoingOptions extends MessageQueueOptions {
  /** 48 bits. */
  readonly instance: number;
  readonly cell: string;
  /** A stream has not been used for so long that only its number matters. */
  readonly onForgotten: (stream: Stream) => void;
}

/**
 * What this node publishes: frames, which it numbers. Those for one subject in a row, in one turn, are one message; so their
 * order is the same on whatever subjects they are.
 */
export class Outgoing {
  readonly #options: OutgoingOptions;
  readonly #header: HeaderWriter;
  readonly #queue: MessageQueue;
  readonly #used: UsedStreams;
  /** Whether there is nobody to send to, and nothing is kept. */
  #apart = true;
  /** Where the open message is put together. */
  readonly #batch = Buffer.allocUnsafeSlow(LONGEST_BATCH);
  // the open message
  #stream: Stream | undefined;
  #bytes: Buffer = this.#batch;
  #end = 0;
  #count = 0;
  #flushing = false;
  readonly #flush = (): void => {
    this.#flushing = false;
    this.#finish();
    this.#queue.pump();
  };
  /** Frames that were numbered, and not kept. */
  #unkept = 0;

  constructor(options: OutgoingOptions) {
    this.#options = options;
    this.#header = new HeaderWriter(options.instance, options.cell);
    this.#queue = new MessageQueue(options);
    this.#used = new UsedStreams(options.clock, options.onForgotten);
  }

  /** Of what is kept: waiting, or not confirmed. */
  get bufferedBytes(): number {
    return this.#queue.bytes;
  }

  /** Frames that the server has taken. */
  get published(): number {
    return this.#queue.published;
  }

  /** Frames that it has not, since it was away for too long, or refused them. */
  get unsent(): number {
    return this.#queue.unsent + this.#unkept;
  }

  /** Whether nothing waits that has a number. */
  get isEven(): boolean {
    return this.#queue.isEmpty && this.#stream === undefined;
  }

  /** Publishes a frame as it came. @param slot of whoever sends it, for the answer; undefined where there is none */
  relay(stream: Stream, frame: ReceivedFrame, slot?: number): void {
    const at = this.#room(stream, frame.length);
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
    this.#queue.push(stream.subject, this.#message(stream, kind, body, stream.next), 0);
    this.#later();
  }

  /** Publishes something that is no frame at once, before what waits. Where there is no connection, it is nobody's. */
  noteNow(stream: Stream, kind: number, body: Buffer): void {
    const { carrier, onRefused } = this.#options;
    try {
      carrier.publish(stream.subject, this.#message(stream, kind, body, 0));
    } catch (error) {
      onRefused(stream.subject, error as Error);
    }
  }

  /** There is a connection: from now on everything is kept until {@link go}. */
  connected(): void {
    this.#apart = false;
  }

  /** The others are there: what waits goes out, with what was not confirmed on the last connection first. */
  go(): void {
    this.#queue.go();
  }

  /** There is none: what was not confirmed waits again. */
  disconnected(): void {
    this.#finish();
    this.#queue.hold();
  }

  /** There will be none for long: what waits is given up, and what comes as well. Its numbers stay, so that it is missed. */
  giveUp(): void {
    this.#finish();
    this.#apart = true;
    this.#queue.giveUp();
  }

  /** Resolves when everything has been confirmed, or given up. */
  async settled(): Promise<void> {
    this.#finish();
    await this.#queue.settled();
  }

  /** A second is over: who has followed a stream that has become quiet is told where it ends. */
  sweep(): void {
    for (const period of this.#used.sweep()) this.#mark(period);
  }

  /** Says of all streams that were used in so many milliseconds where they end. */
  markSince(milliseconds: number): void {
    for (const period of this.#used.since(milliseconds)) this.#mark(period);
  }

  #mark({ stream, start, startedAt }: UsePeriod): void {
    const age = Math.ceil(this.#options.clock.now() - startedAt);
    const body = Buffer.allocUnsafe(MARK_LENGTH);
    body.writeUInt32BE(start, 0);
    body.writeUInt32BE(Math.min(age, 0xffff_ffff), 4);
    this.note(stream, Kind.MARK, body);
  }

  /** Makes room for a frame in the open message, and counts it. @returns where; 0: it is not sent, or does not fit into one */
  #room(stream: Stream, length: number): number {
    if (stream.use !== Use.USED) this.#used.use(stream);
    if (this.#apart) {
      stream.next = (stream.next + 1) >>> 0;
      this.#unkept++;
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
      this.#later();
    }
    const at = this.#end;
    this.#end += length;
    this.#count++;
    stream.next = (stream.next + 1) >>> 0;
    this.#queue.show(this.#end);
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
      const payload = this.#message(stream, Kind.PART, piece, stream.next, part, parts);
      const frames = part === parts - 1 ? 1 : 0;
      this.#header.setCount(payload, frames);
      this.#queue.push(stream.subject, payload, frames);
    }
    stream.next = (stream.next + 1) >>> 0;
    this.#queue.show();
    this.#later();
  }

  #message(stream: Stream, kind: number, body: Buffer, first: number, part = 0, parts = 0): Buffer {
    const { length } = this.#header;
    const payload = Buffer.allocUnsafe(length + body.length);
    this.#header.write(payload, kind, stream.id, first, part, parts);
    body.copy(payload, length);
    return payload;
  }

  /** Ends the open message. */
  #finish(): void {
    const stream = this.#stream;
    if (stream === undefined) return;
    this.#stream = undefined;
    this.#header.setCount(this.#bytes, this.#count);
    const filled = this.#bytes.subarray(0, this.#end);
    const payload = this.#bytes === this.#batch ? Buffer.from(filled) : filled;
    this.#queue.push(stream.subject, payload, this.#count);
    this.#count = 0;
  }

  #later(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    queueMicrotask(this.#flush);
  }
}

/** @param at where the frame begins */
function withSlot(bytes: Buffer, at: number, slot: number | undefined): Buffer {
  if (slot !== undefined) bytes.writeUInt16BE(slot, at + CLIENT_PORT);
  return bytes;
}
