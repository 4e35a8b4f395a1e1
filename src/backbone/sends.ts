import type { Clock } from '../base/clock.js';
import { Command } from '../wire/command.js';
import type { ReceivedFrame } from '../wire/frame.js';
import { SendNames } from '../cluster/send-names.js';
import type { Cells } from './cells.js';
import type { FarNode } from './far-node.js';
import { Kind, StreamId, numberBody } from './message-header.js';
import type { Outgoing } from './outgoing.js';
import { OwnJoins } from './own-joins.js';
import { Stream } from './stream.js';
import { BUCKETS, type Subjects, bucketOf, bucketOfHash } from './subjects.js';

export interface SendsOptions {
  readonly outgoing: Outgoing;
  readonly cells: Cells;
  readonly subjects: Subjects;
  readonly clock: Clock;
}

/** What workers of this node send to other cells: on which stream it goes. */
export class Sends {
  readonly everyNode: Stream;
  readonly #options: SendsOptions;
  readonly #joins: OwnJoins;
  /** Those that were used lately, and of all others the next number. */
  readonly #buckets = new Map<number, Stream>();
  readonly #numbers = new Uint32Array(BUCKETS);
  readonly #names = new SendNames();

  constructor(options: SendsOptions) {
    const { outgoing, subjects, clock } = options;
    this.#options = options;
    this.everyNode = new Stream(subjects.everyNode, StreamId.EVERY_NODE);
    this.#joins = new OwnJoins(clock, ({ stream }, question) =>
      outgoing.note(stream, Kind.ASK, numberBody(question)),
    );
  }

  /** A command without an address. */
  toAll(frame: ReceivedFrame): void {
    const { cells, outgoing } = this.#options;
    // nobody is there, or nobody was for a long time
    if (cells.any) outgoing.relay(this.#streamOf(frame), frame);
  }

  /** A command for one gateway. @param slot of whoever sends it */
  toOne(frame: ReceivedFrame, slot: number): void {
    const { cells, outgoing } = this.#options;
    const { command, localIp, localPort } = frame;
    const node = cells.at(localIp, localPort);
    if (node?.up !== true) return;
    outgoing.relay(node.stream, frame, slot);
    if (command === Command.BIND_UID) this.#joins.note(node, bucketOf('uid', frame.extText()));
    else if (command === Command.JOIN_GROUP) this.#joins.note(node, bucketOf('group', frame.extText()));
  }

  /** A node has subscribed to what was asked about. */
  answered(node: FarNode, question: number): void {
    this.#joins.answered(node, question);
  }

  gone(node: FarNode): void {
    this.#joins.gone(node);
  }

  /** A stream has not been used for long. */
  forget({ id, next }: Stream): void {
    if (this.#buckets.delete(id)) this.#numbers[id] = next;
  }

  /** To those who follow the bucket of a frame's only name, or to every node. */
  #streamOf(frame: ReceivedFrame): Stream {
    const bucket = this.#bucketOf(frame);
    if (bucket === undefined || this.#joins.concern(bucket)) return this.everyNode;
    let stream = this.#buckets.get(bucket);
    if (stream === undefined) {
      stream = new Stream(this.#options.subjects.bucket(bucket), bucket, this.#numbers[bucket]);
      this.#buckets.set(bucket, stream);
    }
    return stream;
  }

  /** The bucket of the only name that a frame is for; undefined where it is for several, or for all. */
  #bucketOf(frame: ReceivedFrame): number | undefined {
    if (frame.command === Command.UNGROUP) return bucketOf('group', frame.extText());
    if (!this.#names.read(frame)) return undefined;
    const { hashes } = this.#names;
    return hashes.length === 2 ? bucketOfHash(hashes[0]) : undefined;
  }
}
