import { GatewayError } from '../errors.js';
import { Queue } from '../queue.js';
import type { Doorbell } from '../ring/doorbell.js';
import { BEGIN, END, WHOLE } from '../ring/layout.js';
import { RingWriter } from '../ring/writer.js';
import { type Frame, encodeFrame, frameLength, writeFrame } from '../wire/frame.js';

/**
 * The sending half of a ring link: frames are encoded straight into the ring. What does not fit waits in a queue and goes
 * in as the far end makes room; a frame longer than one record goes in as fragments.
 *
 * A frame is published before `send` returns, so that a thread that dies afterwards has sent it; the doorbell rings once
 * per batch, at the end of the current microtask, or when {@link flush} is called.
 */
export interface RingSenderOptions {
  /** Keeps frames in fragments until they are taken, so that a thread that takes over can have them whole. */
  readonly keep?: boolean;
}

export class RingSender {
  /** The consumer's. Another one when another thread takes over the ring. */
  doorbell: Doorbell;
  readonly #writer: RingWriter;
  readonly #bufferSize: number;
  readonly #onDrained: () => void;
  readonly #queue = new Queue<Buffer>();
  /** Bytes in the queue, less what of its first frame is in the ring already. */
  #queued = 0;
  /** Bytes of the queue's first frame that are in the ring already. */
  #sent = 0;
  #congested = false;
  #flushing = false;
  /** Whether something was published since the doorbell last rang. Two ends that rang for nothing would wake each other for ever. */
  #unannounced = false;
  readonly #keep: boolean;
  /** Frames that went into the ring in fragments and were not yet taken. */
  #fragmented: { readonly bytes: Buffer; readonly begin: number; end: number | undefined }[] = [];
  readonly #flush = (): void => this.flush();

  /**
   * @param bufferSize bytes that may wait before {@link send} returns false
   * @param onDrained called when less than half a ring waits again after that
   */
  constructor(
    shared: SharedArrayBuffer,
    doorbell: Doorbell,
    bufferSize: number,
    onDrained: () => void,
    options: RingSenderOptions = {},
  ) {
    this.#writer = new RingWriter(shared);
    this.doorbell = doorbell;
    this.#bufferSize = Math.min(bufferSize, Number.MAX_SAFE_INTEGER);
    this.#onDrained = onDrained;
    this.#keep = options.keep ?? false;
  }

  get bufferedBytes(): number {
    return this.#writer.measure() + this.#queued;
  }

  get congested(): boolean {
    return this.#congested;
  }

  /** How far the ring was written and freed: positions that wrap at 2^32. */
  get flow(): { readonly written: number; readonly freed: number } {
    return this.#writer.flow;
  }

  /** Whether everything that was accepted is in the ring. */
  get settled(): boolean {
    return this.#queue.length === 0;
  }

  /** As {@link Link.send}. */
  send(frame: Frame): boolean {
    const length = frameLength(frame);
    const offset =
      this.#queue.length === 0 && length <= this.#writer.longestPayload ? this.#writer.claim(length) : -1;
    if (offset >= 0) {
      writeFrame(this.#writer.data, offset, frame, length);
      this.#writer.commit(WHOLE);
      this.#writer.publish();
      this.#unannounced = true;
      if (!this.#flushing) {
        this.#flushing = true;
        queueMicrotask(this.#flush);
      }
    } else {
      this.sendEncoded(encodeFrame(frame));
    }
    if (this.#writer.used + this.#queued < this.#bufferSize) return !this.#congested;
    // `used` is what this end last knew: look again before saying that the far end is behind
    if (this.bufferedBytes >= this.#bufferSize) this.#congested = true;
    this.pump();
    return !this.#congested;
  }

  /** Sends a frame that is encoded already. The bytes must not change afterwards. */
  sendEncoded(bytes: Buffer): void {
    if (bytes.length === 0)
      throw new GatewayError('GW_FRAME', 'An empty frame was to be sent; expected at least a header.');
    this.#queue.push(bytes);
    this.#queued += bytes.length;
    this.pump();
  }

  /** Moves what waits into the ring, as far as there is room. To be called whenever this thread's doorbell rang. */
  pump(): void {
    if (this.#fragmented.length > 0) this.#forgetTaken();
    do {
      this.#fill();
    } while ((this.#queue.length > 0 || this.#congested) && !this.#writer.awaitSpace() && !this.#drained());
    this.flush();
  }

  /**
   * The frame whose first fragments the consumer has taken and whose last it has not: should that consumer be gone, the
   * next one needs it whole. Only with `keep`.
   */
  orphan(): Buffer | undefined {
    this.#forgetTaken();
    return this.#fragmented.find(({ begin }) => this.#writer.taken(begin))?.bytes;
  }

  /** Rings the far end's doorbell, if something new is in the ring. */
  flush(): void {
    this.#flushing = false;
    if (!this.#unannounced) return;
    this.#unannounced = false;
    this.doorbell.ring();
  }

  /** Tells the far end that nothing follows. Only when {@link settled}. */
  close(): void {
    this.#writer.close();
    this.doorbell.ring();
  }

  /** There is room: true when nothing waits in the queue any more, which ends a congestion. */
  #drained(): boolean {
    if (this.#queue.length > 0) return false;
    if (this.#congested) {
      this.#congested = false;
      queueMicrotask(this.#onDrained);
    }
    return true;
  }

  #fill(): void {
    for (let frame = this.#queue.peek(); frame !== undefined; frame = this.#queue.peek()) {
      while (this.#sent < frame.length) {
        const length = Math.min(frame.length - this.#sent, this.#writer.longestPayload);
        const offset = this.#writer.claim(length);
        if (offset < 0) return;
        this.#writer.data.set(frame.subarray(this.#sent, this.#sent + length), offset);
        const flags = (this.#sent === 0 ? BEGIN : 0) | (this.#sent + length === frame.length ? END : 0);
        this.#sent += length;
        this.#queued -= length;
        const position = this.#writer.commit(flags);
        this.#writer.publish();
        this.#unannounced = true;
        if (this.#keep && flags !== WHOLE) this.#remember(frame, position, flags);
      }
      this.#sent = 0;
      this.#queue.shift();
    }
  }

  #remember(bytes: Buffer, position: number, flags: number): void {
    if (flags === BEGIN) {
      this.#forgetTaken();
      this.#fragmented.push({ bytes, begin: position, end: undefined });
    } else if (flags === END) {
      this.#fragmented[this.#fragmented.length - 1].end = position;
    }
  }

  #forgetTaken(): void {
    this.#fragmented = this.#fragmented.filter(({ end }) => end === undefined || !this.#writer.taken(end));
  }
}
