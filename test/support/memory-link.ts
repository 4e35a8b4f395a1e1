import { type Frame, decodeFrame, encodeFrame } from '#src/wire/frame.js';
import { BaseLink } from '#src/link/base-link.js';
import type { Link } from '#src/link/link.js';

/** One end of a pair in one thread: what tests use, and the smallest example of a link. Frames cross in a macrotask. */
class MemoryLink extends BaseLink {
  far!: MemoryLink;
  readonly #handshakes: boolean;
  readonly #requests: boolean;
  readonly #bufferSize: number;
  #queue: Buffer[] = [];
  #queued = 0;
  #scheduled = false;
  #congested = false;

  constructor(name: string, bufferSize: number, handshakes = false, requests = false) {
    super(name);
    this.#handshakes = handshakes;
    this.#requests = requests;
    this.#bufferSize = bufferSize;
  }

  override get handshakes(): boolean {
    return this.#handshakes;
  }

  override get requests(): boolean {
    return this.#requests;
  }

  get bufferedBytes(): number {
    return this.#queued;
  }

  get congested(): boolean {
    return this.#congested;
  }

  protected start(): void {
    this.far.#schedule();
  }

  protected transmit(frame: Frame): boolean {
    const bytes = encodeFrame(frame);
    this.#queue.push(bytes);
    this.#queued += bytes.length;
    this.#schedule();
    if (this.#queued >= this.#bufferSize) this.#congested = true;
    return !this.#congested;
  }

  protected finish(): void {
    this.#schedule();
  }

  protected abandon(error?: Error): void {
    this.#queue = [];
    setImmediate(() => this.far.ended(error && new Error('the far end was destroyed', { cause: error })));
  }

  #schedule(): void {
    if (this.#scheduled || this.state === 'closed') return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#deliver();
    });
  }

  #deliver(): void {
    if (!this.subscribed || !this.far.subscribed) return;
    const batch = this.#queue;
    this.#queue = [];
    this.#queued = 0;
    for (const bytes of batch) {
      if (this.far.state === 'closed') break;
      this.far.subscriber.frame(decodeFrame(bytes), 0);
    }
    if (this.#congested && this.state === 'open') {
      this.#congested = false;
      this.subscriber.drained();
    }
    if (this.state === 'closing' && this.#queue.length === 0) {
      this.ended();
      this.far.ended();
    }
  }
}

/**
 * Two links that are each other's far ends. Nothing is delivered before both are subscribed to.
 *
 * @param name the first one's
 * @param handshakes whether what is at the second one's end has an onHandshake @param requests and an onRequest
 */
export function memoryLinkPair(
  bufferSize: number,
  { name = 'memory a', handshakes = false, requests = false } = {},
): [Link, Link] {
  const a = new MemoryLink(name, bufferSize, handshakes, requests);
  const b = new MemoryLink('memory b', bufferSize);
  a.far = b;
  b.far = a;
  return [a, b];
}
