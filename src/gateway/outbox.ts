import { Buffer } from 'node:buffer';
import type { Client } from './client.js';

/*
 * What goes out to clients in one tick, at most one write each.
 *
 * The frames that a client is to be sent form a path in a tree whose root is "nothing yet". Clients that are to be sent
 * the same frames in the same order stand at the same node, so a broadcast to n clients is n pointer assignments, and
 * their bytes are joined once:
 *
 *        root ── A ── B          client 1, client 2, client 4     writes A+B, joined once
 *          └──── C ── B          client 3                         writes C+B
 *
 * Only the child that was added last is looked for, which is the one that the next client of a broadcast needs.
 */

/** A frame that is to be sent, after those on the way from the root. */
class Node {
  readonly previous: Node | undefined;
  readonly frame: Buffer;
  /** Frames and bytes from the root to here. */
  readonly count: number;
  readonly length: number;
  lastChild: Node | undefined;
  #joined: Buffer | undefined;

  constructor(previous: Node | undefined, frame: Buffer) {
    this.previous = previous;
    this.frame = frame;
    this.count = previous === undefined ? 1 : previous.count + 1;
    this.length = frame.length + (previous === undefined ? 0 : previous.length);
  }

  /** All frames from the root to here as one buffer. */
  get joined(): Buffer {
    if (this.previous === undefined) return this.frame;
    this.#joined ??= join(this);
    return this.#joined;
  }
}

function join(last: Node): Buffer {
  const bytes = Buffer.allocUnsafe(last.length);
  let end = last.length;
  for (let node: Node | undefined = last; node !== undefined; node = node.previous) {
    end -= node.frame.length;
    bytes.set(node.frame, end);
  }
  return bytes;
}

export type OutboxNode = Node;

export class Outbox {
  readonly #send: (client: Client, bytes: Buffer, messages: number) => void;
  #clients: Client[] = [];
  #first: Node | undefined;
  readonly #flush = (): void => this.flush();

  /** @param send writes one client's bytes of this tick; `messages` is how many frames they are */
  constructor(send: (client: Client, bytes: Buffer, messages: number) => void) {
    this.#send = send;
  }

  /** Adds encoded bytes, which must not change any more, to what `client` is sent at the end of this tick. */
  push(client: Client, frame: Buffer): void {
    const previous = client.outgoing;
    if (previous === undefined) {
      if (this.#clients.length === 0) queueMicrotask(this.#flush);
      this.#clients.push(client);
      if (this.#first?.frame !== frame) this.#first = new Node(undefined, frame);
      client.outgoing = this.#first;
      return;
    }
    let next = previous.lastChild;
    if (next?.frame !== frame) {
      next = new Node(previous, frame);
      previous.lastChild = next;
    }
    client.outgoing = next;
  }

  /** Sends what waits for one client now: before its connection is closed. */
  flushClient(client: Client): void {
    const node = client.outgoing;
    if (node === undefined) return;
    client.outgoing = undefined;
    this.#send(client, node.joined, node.count);
  }

  /** Sends what waits for everyone. */
  flush(): void {
    const clients = this.#clients;
    this.#clients = [];
    this.#first = undefined;
    for (const client of clients) this.flushClient(client);
  }
}
