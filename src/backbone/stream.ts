/** Whether a stream is used: see UsedStreams. */
export const Use = { IDLE: 0, USED: 1, QUIET: 2 } as const;

/** What this node publishes on one subject, in order and numbered. */
export class Stream {
  readonly subject: string;
  /** A bucket, or one of StreamId. */
  readonly id: number;
  /** The number of the next frame: 32 bits, which wrap around. */
  next: number;
  use: number = Use.IDLE;
  /** The number of the first frame since it was last idle, and when that was. */
  start = 0;
  startedAt = 0;
  /** When it became idle. */
  endedAt = 0;

  constructor(subject: string, id: number, next = 0) {
    this.subject = subject;
    this.id = id;
    this.next = next;
  }
}
