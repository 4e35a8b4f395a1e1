import { BUCKETS } from './subjects.js';

/**
 * The numbers of what has come of one publisher, by stream: what is missing is counted, and what comes twice is known. What
 * is known of a bucket is forgotten some time after its end was marked: where it begins anew, its next mark says.
 */
export class ReceivedNumbers {
  /** Frames that did not come. */
  lost = 0;
  /** Frames that came again. */
  doubled = 0;
  /** The number that comes next: 32 bits, which wrap around. */
  readonly #next = new Map<number, number>();
  /** The same of buckets whose end was marked since the last call of {@link age}, and since the one before. */
  #ended = new Map<number, number>();
  #endedBefore = new Map<number, number>();
  /** Streams that nothing was known of when their first frame came, and its number: there may have been others before. */
  readonly #unsure = new Map<number, number>();

  /** Whether nothing has come of a stream yet. */
  isNew(stream: number): boolean {
    return this.#nextOf(stream) === undefined;
  }

  /** Nothing of a stream has been published before this number that this node should have. */
  begin(stream: number, number: number): void {
    this.#next.set(stream, number);
  }

  /** The publisher says which number comes next, or, where nothing is known of the stream, will be the first. */
  next(stream: number, number: number): void {
    if (this.isNew(stream)) this.begin(stream, number);
    else this.accept(stream, number, 0);
  }

  /** It is not followed any more. */
  forget(stream: number): void {
    this.#next.delete(stream);
    this.#ended.delete(stream);
    this.#endedBefore.delete(stream);
    this.#unsure.delete(stream);
  }

  /** A while is over: what has not been used since the last call but one is forgotten. */
  age(): void {
    if (this.#endedBefore.size === 0 && this.#ended.size === 0) return;
    this.#endedBefore = this.#ended;
    this.#ended = new Map();
  }

  /** Whether a frame has come already. */
  has(stream: number, number: number): boolean {
    const next = this.#nextOf(stream);
    return next !== undefined && ((number - next) | 0) < 0;
  }

  /**
   * Frames have come, `count` of them from the number `first` on.
   *
   * @returns how many of these, the first ones, have come before
   */
  accept(stream: number, first: number, count: number): number {
    const next = this.#nextOf(stream);
    if (next === undefined) this.#unsure.set(stream, first);
    const ahead = next === undefined ? 0 : (first - next) | 0;
    if (ahead > 0) this.lost += ahead;
    const known = ahead < 0 ? Math.min(count, -ahead) : 0;
    this.doubled += known;
    if (known < count || ahead > 0) this.#next.set(stream, (first + count) >>> 0);
    return known;
  }

  /**
   * The publisher says which number comes next, and where it began a while ago.
   *
   * @param followed whether this node has followed the stream since then
   */
  mark(stream: number, number: number, start: number, followed: boolean): void {
    if (followed) {
      const first = this.#unsure.get(stream);
      if (this.isNew(stream)) this.#next.set(stream, start);
      else if (first !== undefined) this.lost += Math.max(0, (first - start) | 0);
    }
    this.accept(stream, number, 0);
    if (this.isNew(stream)) this.#next.set(stream, number);
    this.#unsure.delete(stream);
    if (stream < BUCKETS) this.#end(stream);
  }

  #end(stream: number): void {
    this.#ended.set(stream, this.#nextOf(stream) as number);
    this.#next.delete(stream);
  }

  #nextOf(stream: number): number | undefined {
    return this.#next.get(stream) ?? this.#ended.get(stream) ?? this.#endedBefore.get(stream);
  }
}
