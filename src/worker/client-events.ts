import { Queue } from '../queue.js';

/** An event that waits because an earlier one of its client is still being handled. */
export interface ParkedEvent {
  /** By what ThreadLink.take knows it. */
  place: number;
  /** The whole frame, copied. */
  readonly frame: Buffer;
}

/** The order of one client's events in its worker. */
export class ClientEvents {
  readonly connectionId: number;
  /** Whether the next events have to wait: a handler is pending, or the client's state is not known yet. */
  busy = false;
  /** Whether a handler is pending, and since when (milliseconds, monotonic). */
  handling = false;
  handlingSince = 0;
  /** The event that was started last. */
  command = 0;
  /** Counts its events: a handler that settles in another turn than its own came too late. */
  turn = 0;
  /** Whether the gateway was asked not to send more of its events for now. */
  paused = false;
  readonly parked = new Queue<ParkedEvent>();
  /** Bytes of the parked events. */
  parkedBytes = 0;

  constructor(connectionId: number) {
    this.connectionId = connectionId;
  }
}
