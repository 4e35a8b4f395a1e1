import type { Clock } from '../base/clock.js';
import type { DirectoryListener } from '../gateway/directory-listener.js';
import type { NameKind } from '../wire/name-hash.js';
import type { Receive } from './nats-connection.js';
import { BUCKETS, type Subjects, bucketOf } from './subjects.js';

/** What subscribes: see BackboneConnection. */
export interface Subscriber {
  subscribe(subject: string, receive: Receive): void;
  unsubscribe(subject: string): void;
}

export interface BucketInterestOptions {
  readonly subscriber: Subscriber;
  readonly subjects: Subjects;
  readonly clock: Clock;
  readonly receive: Receive;
  /** A bucket is not followed any more. */
  readonly onLeft: (bucket: number) => void;
}

/** Follows the buckets of names that this node's gateway has clients of. */
export class BucketInterest implements DirectoryListener {
  readonly #options: BucketInterestOptions;
  /** How many names there are in each bucket. */
  readonly #names = new Uint32Array(BUCKETS);
  /** Those that are subscribed to, and since when. */
  readonly #since = new Map<number, number>();
  /** Those without names, which are followed until the sweep after next: somebody may come back. */
  #leaving = new Set<number>();
  #left = new Set<number>();

  constructor(options: BucketInterestOptions) {
    this.#options = options;
  }

  /** How many buckets are followed. */
  get size(): number {
    return this.#since.size;
  }

  /** Whether a bucket has been followed for more than so many milliseconds. */
  followed(bucket: number, milliseconds: number): boolean {
    const since = this.#since.get(bucket);
    return since !== undefined && this.#options.clock.now() - since > milliseconds;
  }

  added(kind: NameKind, name: string): void {
    const bucket = bucketOf(kind, name);
    if (this.#names[bucket]++ > 0) return;
    this.#leaving.delete(bucket);
    this.#left.delete(bucket);
    if (this.#since.has(bucket)) return;
    const { subscriber, subjects, clock, receive } = this.#options;
    this.#since.set(bucket, clock.now());
    subscriber.subscribe(subjects.bucket(bucket), receive);
  }

  removed(kind: NameKind, name: string): void {
    const bucket = bucketOf(kind, name);
    if (--this.#names[bucket] === 0) this.#leaving.add(bucket);
  }

  /** Leaves what has had no names since before the last sweep. */
  sweep(): void {
    const { subscriber, subjects, onLeft } = this.#options;
    for (const bucket of this.#left) {
      this.#since.delete(bucket);
      subscriber.unsubscribe(subjects.bucket(bucket));
      onLeft(bucket);
    }
    this.#left = this.#leaving;
    this.#leaving = new Set();
  }
}
