import { RingSender } from '#src/link/ring-sender.js';
import { Doorbell } from '#src/ring/doorbell.js';
import { HEAD, RING_HEADER_LENGTH, STARVED, TAIL } from '#src/ring/layout.js';
import { RingReader } from '#src/ring/reader.js';
import { HEADER_LENGTH, encodeFrame } from '#src/wire/frame.js';
import { SeededRandom } from './random.js';
import { testFrame } from './test-frame.js';

/** Two rings and two doorbells between two threads, as each of them sees them. */
export interface StressMemory {
  readonly incoming: SharedArrayBuffer;
  readonly outgoing: SharedArrayBuffer;
  readonly ownDoorbell: SharedArrayBuffer;
  readonly otherDoorbell: SharedArrayBuffer;
}

export interface StressPlan {
  readonly seed: number;
  readonly frames: number;
  /** Bytes of the longest frame. */
  readonly longest: number;
}

const RECORDS_PER_ROUND = 256;
/** Frames written in a row before this end looks at what came in. */
const FRAMES_PER_ROUND = 64;

/** Lengths of many magnitudes: half of them below 64 bytes, a few of the longest. */
function nextLength(random: SeededRandom, longest: number): number {
  const magnitude = random.pick([64, 64, 64, 64, 1024, 1024, 8 * 1024, longest]);
  return 1 + random.below(magnitude);
}

/** The bytes of a frame: a real frame where it is long enough for one, else any. */
function frameBytes(number: number, length: number): Buffer {
  if (length >= HEADER_LENGTH) return encodeFrame(testFrame(number, length));
  return Buffer.alloc(length, number & 0xff);
}

/**
 * One end of the stress: sends `frames` frames as fast as it can, and checks every byte of as many from the other end.
 * Both ends derive lengths and contents from the seed.
 */
export class StressEnd {
  /** Resolves when everything was sent and everything received; rejects at the first wrong byte. */
  readonly done: Promise<void>;
  sent = 0;
  received = 0;
  receivedBytes = 0;
  readonly #plan: StressPlan;
  readonly #sizes: SeededRandom;
  readonly #expectedSizes: SeededRandom;
  readonly #doorbell: Doorbell;
  readonly #sender: RingSender;
  readonly #reader: RingReader;

  constructor(memory: StressMemory, plan: StressPlan) {
    this.#plan = plan;
    this.#sizes = new SeededRandom(plan.seed);
    this.#expectedSizes = new SeededRandom(plan.seed);
    this.#doorbell = new Doorbell(memory.ownDoorbell);
    const other = new Doorbell(memory.otherDoorbell);
    this.#sender = new RingSender(memory.outgoing, other, plan.longest, () => this.#doorbell.ring());
    this.#reader = new RingReader(memory.incoming, () => other.ring());
    this.done = new Promise((resolve, reject) => {
      this.#doorbell.serve(() => {
        try {
          return this.#round();
        } catch (error) {
          reject(error);
          return false;
        } finally {
          if (this.sent === plan.frames && this.received === plan.frames && this.#sender.settled) resolve();
        }
      });
    });
  }

  /** Where this end stands, for whoever has waited too long. */
  state(): string {
    const { sent, received } = this;
    const { congested, settled } = this.#sender;
    return `sent ${sent}, received ${received} of ${this.#plan.frames} frames; congested ${congested}, settled ${settled}`;
  }

  close(): void {
    this.#doorbell.close();
  }

  #round(): boolean {
    const worked = this.#reader.poll(
      (bytes, offset, length) => this.#check(bytes, offset, length),
      RECORDS_PER_ROUND,
    );
    this.#sender.pump();
    const before = this.sent;
    while (
      this.sent < this.#plan.frames &&
      this.sent - before < FRAMES_PER_ROUND &&
      !this.#sender.congested
    ) {
      this.#send();
    }
    this.#sender.flush();
    return worked > 0 || this.sent > before;
  }

  #send(): void {
    const number = this.sent++;
    const length = nextLength(this.#sizes, this.#plan.longest);
    if (length >= HEADER_LENGTH) {
      this.#sender.send(testFrame(number, length));
    } else {
      this.#sender.sendEncoded(frameBytes(number, length));
    }
  }

  #check(bytes: Buffer, offset: number, length: number): void {
    const number = this.received++;
    this.receivedBytes += length;
    const expected = frameBytes(number, nextLength(this.#expectedSizes, this.#plan.longest));
    if (length !== expected.length || bytes.compare(expected, 0, length, offset, offset + length) !== 0) {
      const found = bytes.subarray(offset, offset + Math.min(length, 32)).toString('hex');
      throw new Error(
        `frame ${number}: expected ${expected.length} bytes ${expected.subarray(0, 32).toString('hex')}, found ${length} bytes ${found}`,
      );
    }
  }
}

/** Where both ends stand, as far as the memory between them tells: `near` and `far` of the end that asks. */
export function memoryState({ incoming, outgoing, ownDoorbell, otherDoorbell }: StressMemory): string {
  return [
    `near to far: ${ringState(outgoing)}`,
    `far to near: ${ringState(incoming)}`,
    `near doorbell: ${doorbellState(ownDoorbell)}`,
    `far doorbell: ${doorbellState(otherDoorbell)}`,
  ].join('; ');
}

function ringState(shared: SharedArrayBuffer): string {
  const counters = new Int32Array(shared, 0, RING_HEADER_LENGTH / 4);
  return `tail ${counters[TAIL]} head ${counters[HEAD]} starved ${counters[STARVED]}`;
}

function doorbellState(shared: SharedArrayBuffer): string {
  const [signal, sleeping] = new Int32Array(shared);
  return `signal ${signal} sleeping ${sleeping}`;
}
