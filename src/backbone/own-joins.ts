import type { Clock } from '../base/clock.js';
import type { FarNode } from './far-node.js';

/**
 * Milliseconds for which a bucket is still not relied on after the other node has subscribed to it: the servers of one NATS
 * tell each other of that.
 */
const SPREAD = 500;

interface Joins {
  /** Buckets of those that went out since the question that is on its way. */
  marked: Set<number>;
  /** Those before it; undefined when none is on its way. */
  asked: Set<number> | undefined;
  question: number;
}

/**
 * Uids and groups that this node has given to clients of other cells. The gateways there do not follow the names' buckets at
 * once, and what is sent to the name right after that has to reach the new member. So what goes to such a bucket goes to
 * every node instead, until the gateway has answered a question that went out behind the join.
 */
export class OwnJoins {
  readonly #clock: Clock;
  readonly #ask: (node: FarNode, question: number) => void;
  readonly #joins = new Map<FarNode, Joins>();
  /** How many times each bucket is marked. */
  readonly #counts = new Map<number, number>();
  #lastQuestion = 0;

  /** @param ask sends the node a question, behind everything that went out before */
  constructor(clock: Clock, ask: (node: FarNode, question: number) => void) {
    this.#clock = clock;
    this.#ask = ask;
  }

  /** Whether not everybody follows the bucket who has to. */
  concern(bucket: number): boolean {
    return this.#counts.size > 0 && this.#counts.has(bucket);
  }

  /** A client of that node joins something that is in this bucket: the word of it has just been sent. */
  note(node: FarNode, bucket: number): void {
    let joins = this.#joins.get(node);
    if (joins === undefined) {
      joins = { marked: new Set(), asked: undefined, question: 0 };
      this.#joins.set(node, joins);
    }
    if (joins.marked.has(bucket)) return;
    joins.marked.add(bucket);
    this.#counts.set(bucket, (this.#counts.get(bucket) ?? 0) + 1);
    if (joins.asked === undefined) this.#next(node, joins);
  }

  answered(node: FarNode, question: number): void {
    const joins = this.#joins.get(node);
    if (joins?.asked === undefined || joins.question !== question) return;
    const done = joins.asked;
    this.#clock.setTimeout(() => this.#unmark(done), SPREAD);
    joins.asked = undefined;
    if (joins.marked.size === 0) this.#joins.delete(node);
    else this.#next(node, joins);
  }

  /** That node is gone, with its clients. */
  gone(node: FarNode): void {
    const joins = this.#joins.get(node);
    if (joins === undefined) return;
    this.#joins.delete(node);
    this.#unmark(joins.marked);
    if (joins.asked !== undefined) this.#unmark(joins.asked);
  }

  #next(node: FarNode, joins: Joins): void {
    joins.asked = joins.marked;
    joins.marked = new Set();
    joins.question = ++this.#lastQuestion >>> 0;
    this.#ask(node, joins.question);
  }

  #unmark(buckets: ReadonlySet<number>): void {
    for (const bucket of buckets) {
      const count = (this.#counts.get(bucket) ?? 0) - 1;
      if (count > 0) this.#counts.set(bucket, count);
      else this.#counts.delete(bucket);
    }
  }
}
