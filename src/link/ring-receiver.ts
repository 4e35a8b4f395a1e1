import type { Doorbell } from '../ring/doorbell.js';
import { RingReader, type RingReaderOptions } from '../ring/reader.js';
import { ReceivedFrame, decodeFrame } from '../wire/frame.js';

/** The receiving half of a ring link: the ring's records as frames. */
export class RingReceiver {
  readonly ring: RingReader;
  readonly #frame = new ReceivedFrame();
  readonly #onRecord: (bytes: Buffer, offset: number, length: number, place: number) => void;

  /**
   * @param doorbell the producer's, rung when a full ring has room again
   * @param onFrame as LinkSubscriber.frame
   */
  constructor(
    shared: SharedArrayBuffer,
    doorbell: Doorbell,
    onFrame: (frame: ReceivedFrame, place: number) => void,
    options: RingReaderOptions = {},
  ) {
    this.ring = new RingReader(shared, () => doorbell.ring(), options);
    this.#onRecord = (bytes, offset, length, place) => {
      onFrame(decodeFrame(bytes, this.#frame, offset, length), place);
    };
  }

  /** Delivers at most `limit` records. @returns whether there were any */
  poll(limit: number): boolean {
    return this.ring.poll(this.#onRecord, limit) > 0;
  }
}
