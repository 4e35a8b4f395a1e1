import { GatewayError } from '../base/errors.js';
import type { Doorbell } from '../ring/doorbell.js';
import { BEGIN, END, RECORD_HEADER_LENGTH, WHOLE } from '../ring/layout.js';
import { RingWriter } from '../ring/writer.js';
import { type Frame, type ReceivedFrame, frameLength, writeFrame } from '../wire/frame.js';
import { FrameBacklog } from './frame-backlog.js';
import { Originals } from './originals.js';

/**
 * Records after which a sleeping far end is woken at once, and not only at the end of the turn: whoever sends a lot in one
 * go has the far end at work meanwhile. As many as an event round of a thread (thread-link.ts), which rings at its end.
 */
const RECORDS_PER_RING = 256;

/**
 * Milliseconds after which a sleeping far end is woken for frames that are in no hurry. To wake a thread costs some 10 µs
 * here and as much there: a fifth of what a new client costs.
 */
const LINGER = 1;

/**
 * The sending half of a ring link: frames are encoded straight into the ring. What does not fit waits in a queue and goes
 * in as the far end makes room; a frame longer than one record goes in as fragments.
 *
 * A frame is published before `send` returns, so that a thread that dies afterwards has sent it. (To publish 64 at a time
 * would make a round trip a seventh faster.) The doorbell rings once per turn of the event loop, or after {@link LINGER}
 * when nothing in the turn was urgent; more often when more than {@link RECORDS_PER_RING} records are sent meanwhile, or
 * when {@link flush} is called.
 */
export class RingSender {
  /** The consumer's. Another one when another thread takes over the ring. */
  doorbell: Doorbell;
  readonly #writer: RingWriter;
  readonly #bufferSize: number;
  readonly #onDrained: () => void;
  readonly #backlog = new FrameBacklog();
  /** Bytes of the backlog's first frame that are in the ring already. */
  #sent = 0;
  #full = false;
  #congested = false;
  #flushing = false;
  #lingering = false;
  /** Records published since the doorbell last rang. Two ends that rang for nothing would wake each other for ever. */
  #unrung = 0;
  readonly #flush = (): void => this.flush();
  readonly #flushLate = (): void => {
    this.#lingering = false;
    this.flush();
  };
  /** For a ring whose reader keeps. */
  readonly #originals: Originals | undefined;

  /**
   * @param bufferSize bytes that may wait before {@link send} returns false
   * @param onDrained called when less than half a ring waits again after that, or after the ring was {@link full}
   * @param options.keepOriginals for a ring whose reader keeps: see {@link originals}
   */
  constructor(
    shared: SharedArrayBuffer,
    doorbell: Doorbell,
    bufferSize: number,
    onDrained: () => void,
    options: { keepOriginals?: boolean } = {},
  ) {
    this.#writer = new RingWriter(shared);
    this.doorbell = doorbell;
    this.#bufferSize = bufferSize;
    this.#onDrained = onDrained;
    if (options.keepOriginals === true) this.#originals = new Originals(this.#writer);
  }

  get bufferedBytes(): number {
    return this.#writer.measure() + this.#queued;
  }

  /** Whether something did not fit into the ring, and `onDrained` is still to come. */
  get full(): boolean {
    return this.#full;
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
    return this.#backlog.length === 0;
  }

  /** Bytes in the backlog, less what of its first frame is in the ring already. */
  get #queued(): number {
    return this.#backlog.bytes - this.#sent;
  }

  /** As {@link Link.send}. @param urgent whether a sleeping far end is to be woken at the end of this turn */
  send(frame: Frame, urgent = true): boolean {
    const length = frameLength(frame);
    const offset = this.#claim(length);
    if (offset >= 0) {
      writeFrame(this.#writer.data, offset, frame, length);
      this.#publish(urgent);
    } else {
      writeFrame(this.#backlog.add(length), 0, frame, length);
      this.pump();
    }
    return this.#hasRoom();
  }

  /** {@link send} for a frame that came from elsewhere: its bytes go on as they are. */
  relay(frame: ReceivedFrame): boolean {
    const offset = this.#claim(frame.length);
    if (offset >= 0) {
      frame.copyTo(this.#writer.data, offset);
      this.#publish(true);
    } else {
      frame.copyTo(this.#backlog.add(frame.length), 0);
      this.pump();
    }
    return this.#hasRoom();
  }

  /** Room in the ring for a record, behind which nothing waits; -1 when there is none. */
  #claim(length: number): number {
    if (this.#backlog.length > 0 || length > this.#writer.longestPayload) return -1;
    return this.#writer.claim(length);
  }

  #publish(urgent: boolean): void {
    this.#writer.commit(WHOLE);
    this.#writer.publish();
    if (++this.#unrung >= RECORDS_PER_RING) this.#ring();
    if (this.#flushing) return;
    if (urgent) {
      this.#flushing = true;
      setImmediate(this.#flush);
    } else if (!this.#lingering) {
      this.#lingering = true;
      setTimeout(this.#flushLate, LINGER);
    }
  }

  #hasRoom(): boolean {
    // `used` is what this end last knew: look again before saying that the far end is behind
    if (this.#writer.used + this.#queued < this.#bufferSize || this.bufferedBytes < this.#bufferSize) {
      return !this.#congested;
    }
    this.#congested = true;
    this.pump();
    return false;
  }

  /** Sends a frame that is encoded already. */
  sendEncoded(bytes: Buffer): void {
    if (bytes.length === 0)
      throw new GatewayError('GW_FRAME', 'An empty frame was to be sent; expected at least a header.');
    this.#backlog.add(bytes.length).set(bytes);
    this.pump();
  }

  /** Moves what waits into the ring, as far as there is room. To be called whenever this thread's doorbell rang. */
  pump(): void {
    this.#originals?.forgetFreed();
    do {
      this.#fill();
      if (this.#backlog.length > 0) this.#full = true;
    } while ((this.#full || this.#congested) && !this.#writer.awaitSpace() && !this.#drained());
    this.flush();
  }

  /** Rings the far end's doorbell, if something new is in the ring. */
  flush(): void {
    this.#flushing = false;
    if (this.#unrung > 0) this.#ring();
  }

  #ring(): void {
    this.#unrung = 0;
    this.doorbell.ring();
  }

  /** Tells the far end that nothing follows. */
  close(): void {
    this.#writer.close();
    this.doorbell.ring();
  }

  /**
   * The frames that a reader which takes over from another cannot read from the ring, since their first records are free
   * already, by the places of their last records (see RingReader). A frame that is on its way is sent again from its
   * beginning.
   */
  originals(): Array<readonly [place: number, frame: Buffer]> {
    this.#sent = 0;
    this.#writer.measure();
    this.#originals?.forgetFreed();
    return this.#originals?.list() ?? [];
  }

  /** There is room: true when nothing waits in the backlog any more, which ends a congestion. */
  #drained(): boolean {
    if (this.#backlog.length > 0) return false;
    this.#full = false;
    this.#congested = false;
    queueMicrotask(() => {
      // what was sent meanwhile may have been too much again
      if (!this.#congested) this.#onDrained();
    });
    return true;
  }

  #fill(): void {
    for (let frame = this.#backlog.peek(); frame !== undefined; frame = this.#backlog.peek()) {
      const inFragments = frame.length > this.#writer.longestPayload;
      let place = 0;
      while (this.#sent < frame.length) {
        const length = Math.min(frame.length - this.#sent, this.#writer.longestPayload);
        const offset = this.#writer.claim(length);
        if (offset < 0) return;
        place = offset - RECORD_HEADER_LENGTH;
        this.#writer.data.set(frame.subarray(this.#sent, this.#sent + length), offset);
        const begin = this.#sent === 0 ? BEGIN : 0;
        this.#sent += length;
        this.#writer.commit(begin | (this.#sent === frame.length ? END : 0));
        this.#writer.publish();
        this.#unrung++;
      }
      // one that is whole in its record can be read from the ring
      if (inFragments) this.#originals?.add(frame, place);
      this.#sent = 0;
      this.#backlog.shift();
    }
  }
}
