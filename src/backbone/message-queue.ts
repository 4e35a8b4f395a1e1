import type { Clock, Timer } from '../base/clock.js';
import { Queue } from '../base/queue.js';
import type { LinkGauge } from '../ring/link-gauge.js';

/** Bytes that may be on their way to the server without its having confirmed them. */
const WINDOW = 4 * 2 ** 20;
/** Bytes without the server's confirmation after which it is asked for that, and milliseconds after the first of them. */
const ASK_AFTER = 2 ** 18;
const ASK_WITHIN = 20;
/** Bytes that a message is counted with beside its own. */
const OVERHEAD = 256;

/** What carries messages: see BackboneConnection. */
export interface MessageCarrier {
  /** Bytes of the longest message that it takes. */
  readonly maxPayload: number;
  /** @returns false while there is no connection. @throws when the server takes no message like this */
  publish(subject: string, payload: Uint8Array): boolean;
  /** Resolves when the server has taken what was published before; to false when the connection broke before. */
  confirmed(): Promise<boolean>;
}

export interface MessageQueueOptions {
  readonly carrier: MessageCarrier;
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
  readonly subject: string;
  readonly payload: Buffer;
  readonly frames: number;
}

/**
 * Messages from when they are made until the server has confirmed them. When the connection breaks before, they are published
 * again on the next one: who has them already knows that by their numbers.
 *
 *    push ─► waiting ─► in flight ─► confirmed
 *               ▲          │
 *               └──────────┘ the connection broke
 */
export class MessageQueue {
  readonly #options: MessageQueueOptions;
  readonly #waiting = new Queue<Message>();
  #inFlight = new Queue<Message>();
  /** Of both. */
  #bytes = 0;
  #inFlightBytes = 0;
  #congested = false;
  #confirming = false;
  #askSoon: Timer | undefined;
  /** Whether what waits does not go out yet. */
  #held = true;
  readonly #onSettled: (() => void)[] = [];
  /** Frames that were confirmed. */
  published = 0;
  /** Frames that were given up, or refused by the server. */
  unsent = 0;

  constructor(options: MessageQueueOptions) {
    this.#options = options;
  }

  /** Of what waits, or is not confirmed. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether nothing waits. */
  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  push(subject: string, payload: Buffer, frames: number): void {
    this.#waiting.push({ subject, payload, frames });
    this.#bytes += payload.length + OVERHEAD;
  }

  /** What waits goes out from now on. */
  go(): void {
    this.#held = false;
    this.pump();
  }

  /** There is no connection: what was not confirmed on the last one waits again, before all else. */
  hold(): void {
    this.#held = true;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const message of this.#inFlight) this.#waiting.push(message);
    for (const message of waiting) this.#waiting.push(message);
    this.#inFlight = new Queue();
    this.#inFlightBytes = 0;
  }

  /** What waits is nobody's any more. */
  giveUp(): void {
    for (const { frames } of this.#waiting) this.unsent += frames;
    this.#waiting.clear();
    this.#bytes = this.#inFlightBytes;
    this.show();
  }

  /** Resolves when everything has been confirmed, or given up. */
  async settled(): Promise<void> {
    this.pump();
    void this.#confirm();
    if (this.#bytes > 0) await new Promise<void>((resolve) => this.#onSettled.push(resolve));
  }

  /** Publishes what waits, as far as the server has confirmed what was published before. */
  pump(): void {
    if (this.#held) return;
    const { carrier, onRefused } = this.#options;
    while (this.#inFlightBytes < WINDOW) {
      const message = this.#waiting.peek();
      if (message === undefined) break;
      const size = message.payload.length + OVERHEAD;
      try {
        if (!carrier.publish(message.subject, message.payload)) break;
        this.#inFlight.push(message);
        this.#inFlightBytes += size;
      } catch (error) {
        this.#bytes -= size;
        this.unsent += message.frames;
        onRefused(message.subject, error as Error);
      }
      this.#waiting.shift();
    }
    if (this.#confirming || this.#inFlight.length === 0) return;
    if (this.#inFlightBytes >= ASK_AFTER) void this.#confirm();
    else this.#askSoon ??= this.#options.clock.setTimeout(() => void this.#confirm(), ASK_WITHIN);
  }

  /** Tells those who send how much waits. @param open bytes of a message that is still being made */
  show(open = 0): void {
    const { bufferSize, gauge, onDrained } = this.#options;
    const bytes = this.#bytes + open;
    const drained = this.#congested && bytes <= bufferSize / 2;
    if (drained) this.#congested = false;
    else if (bytes > bufferSize) this.#congested = true;
    gauge.show(bytes, this.#congested);
    if (drained) onDrained();
    if (bytes === 0) for (const resolve of this.#onSettled.splice(0)) resolve();
  }

  /** One question of the server at a time: what was published before it has been taken when it is answered. */
  async #confirm(): Promise<void> {
    this.#askSoon?.cancel();
    this.#askSoon = undefined;
    if (this.#confirming) return;
    this.#confirming = true;
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
        this.#bytes -= payload.length + OVERHEAD;
        this.#inFlightBytes -= payload.length + OVERHEAD;
        this.published += frames;
      }
      this.show();
      this.pump();
    } while (this.#inFlightBytes >= ASK_AFTER);
    this.#confirming = false;
    this.pump();
  }
}
