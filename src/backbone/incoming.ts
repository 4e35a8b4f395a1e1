import { decodeFrame, ReceivedFrame } from '../wire/frame.js';
import type { FarNode } from './far-node.js';
import { Kind, MARK_LENGTH, ReceivedHeader } from './message-header.js';

/** Milliseconds for which it is known how far a publisher has come, in any case: it speaks of its last two minutes only. */
const REMEMBERED = 170_000;

export interface IncomingOwner {
  /** The node that has published something. */
  nodeOf(instance: number, header: ReceivedHeader): FarNode;
  /** A frame. @param stream a bucket, or one of StreamId. @param frame valid during the call */
  frame(node: FarNode, stream: number, frame: ReceivedFrame): void;
  /** A message that is no frame: valid during the call. */
  note(node: FarNode, header: ReceivedHeader): void;
  /** Whether a stream has been followed for so many milliseconds. */
  followed(stream: number, milliseconds: number): boolean;
}

/** Reads what other nodes publish: frames, each once and in the order of their publisher, and what is missing is counted. */
export class Incoming {
  readonly #owner: IncomingOwner;
  readonly #ownCell: Buffer;
  readonly #header = new ReceivedHeader();
  readonly #frame = new ReceivedFrame();
  readonly receive = (data: Buffer): void => this.#receive(data);

  /** @param cell this node's: what comes of its other nodes has come by the mesh */
  constructor(cell: string, owner: IncomingOwner) {
    this.#ownCell = Buffer.from(cell);
    this.#owner = owner;
  }

  /** @throws GW_FRAME when it is nothing of a node's */
  #receive(data: Buffer): void {
    const header = this.#header;
    header.read(data);
    const { kind } = header;
    if (kind !== Kind.HELLO && header.isOf(this.#ownCell)) return;
    const node = this.#owner.nodeOf(header.instance, header);
    if (kind === Kind.FRAMES) this.#frames(node, data);
    else if (kind === Kind.PART) this.#part(node);
    else if (kind === Kind.MARK) this.#mark(node);
    else {
      if (kind !== Kind.HELLO) node.numbers.accept(header.stream, header.first, 0);
      this.#owner.note(node, header);
    }
  }

  #frames(node: FarNode, data: Buffer): void {
    const { stream, first, count, bodyStart } = this.#header;
    let skipped = node.numbers.accept(stream, first, count);
    node.received += count - skipped;
    for (let at = bodyStart; at < data.length; ) {
      const length = data.readUInt32BE(at);
      if (skipped > 0) skipped--;
      else this.#owner.frame(node, stream, decodeFrame(data, this.#frame, at, length));
      at += length;
    }
  }

  #part(node: FarNode): void {
    const { stream, first } = this.#header;
    if (node.numbers.has(stream, first)) return;
    const bytes = node.assembly.add(this.#header);
    if (bytes === undefined) return;
    node.numbers.accept(stream, first, 1);
    node.received++;
    this.#owner.frame(node, stream, decodeFrame(bytes, this.#frame));
  }

  #mark(node: FarNode): void {
    const { stream, first, body } = this.#header;
    if (body.length < MARK_LENGTH) return;
    const milliseconds = body.readUInt32BE(4);
    // of what began long ago it may be forgotten that everything has come
    const known = milliseconds < REMEMBERED || !node.numbers.isNew(stream);
    const followed = known && this.#owner.followed(stream, milliseconds);
    node.numbers.mark(stream, first, body.readUInt32BE(0), followed);
  }
}
