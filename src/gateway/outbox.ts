import { Buffer } from 'node:buffer';
import { Scratch } from './scratch.js';

/*
 * What goes out to clients in one tick, at most one write each.
 *
 * The frames that a client is to be sent form a path in a tree whose root is "nothing yet". Clients that are to be sent
 * the same frames in the same order stand at the same stretch, so a broadcast to n clients is n pointer assignments, and
 * their bytes are joined once. A client that stands at the end of one alone takes it further:
 *
 *        root ── A ── B                client 1, client 2, client 4     write AB, joined once
 *          └──── C, B, D, E            client 3                         writes CBDE
 *
 * Only the branch that was added last is looked for, which is the one that the next client of a broadcast needs.
 */

/** Frames that are to be sent in a row, after those on the way from the root. */
class Stretch {
  readonly previous: Stretch | undefined;
  readonly frames: Buffer[];
  /** Its only frame: whoever comes by the same way and is sent that one gets here. Undefined once there are more. */
  entry: Buffer | undefined;
  /** Frames and bytes from the root to here. */
  count: number;
  length: number;
  /** Whether several clients came here. One that did so alone takes the stretch further. */
  shared = false;
  lastBranch: Stretch | undefined;
  /** All frames from the root to here, once they were joined for several clients. */
  joined: Buffer | undefined;

  constructor(previous: Stretch | undefined, frame: Buffer) {
    this.previous = previous;
    this.frames = [frame];
    this.entry = frame;
    this.count = previous === undefined ? 1 : previous.count + 1;
    this.length = frame.length + (previous === undefined ? 0 : previous.length);
  }

  add(frame: Buffer): void {
    this.frames.push(frame);
    this.entry = undefined;
    this.count++;
    this.length += frame.length;
  }
}

export type OutboxStretch = Stretch;

/** Who is sent something. */
export interface Receiver {
  /** What it is sent at the end of this tick: kept by the outbox. */
  outgoing: Stretch | undefined;
  readonly connection: { readonly bufferedBytes: number };
}

export class Outbox<Client extends Receiver> {
  readonly #send: (client: Client, bytes: Buffer, messages: number) => void;
  readonly #scratch = new Scratch();
  #clients: Client[] = [];
  #first: Stretch | undefined;
  readonly #flush = (): void => this.flush();

  /**
   * @param send writes one client's bytes of this tick; `messages` is how many frames they are. The bytes may change once
   *   the client's connection has no bytes buffered.
   */
  constructor(send: (client: Client, bytes: Buffer, messages: number) => void) {
    this.#send = send;
  }

  /** Adds encoded bytes, which must not change any more, to what `client` is sent at the end of this tick. */
  push(client: Client, frame: Buffer): void {
    const here = client.outgoing;
    if (here === undefined) {
      this.#begin(client, frame);
      return;
    }
    const branch = here.lastBranch;
    if (branch !== undefined && branch.entry === frame) {
      branch.shared = true;
      client.outgoing = branch;
    } else if (here.shared || branch !== undefined) {
      client.outgoing = here.lastBranch = new Stretch(here, frame);
    } else {
      here.add(frame);
    }
  }

  /** Sends what waits for one client now: before its connection is closed. */
  flushClient(client: Client): void {
    const stretch = client.outgoing;
    if (stretch === undefined) return;
    client.outgoing = undefined;
    if (stretch.count === 1) {
      this.#send(client, stretch.frames[0], 1);
    } else if (stretch.shared) {
      stretch.joined ??= join(stretch, Buffer.allocUnsafe(stretch.length));
      this.#send(client, stretch.joined, stretch.count);
    } else {
      const bytes = join(stretch, this.#scratch.take(stretch.length));
      this.#send(client, bytes, stretch.count);
      if (client.connection.bufferedBytes > 0) this.#scratch.keep(bytes);
    }
  }

  /** Sends what waits for everyone. */
  flush(): void {
    const clients = this.#clients;
    this.#clients = [];
    this.#first = undefined;
    for (const client of clients) this.flushClient(client);
  }

  /** A client's first frame of this tick. */
  #begin(client: Client, frame: Buffer): void {
    if (this.#clients.length === 0) queueMicrotask(this.#flush);
    this.#clients.push(client);
    if (this.#first !== undefined && this.#first.entry === frame) this.#first.shared = true;
    else this.#first = new Stretch(undefined, frame);
    client.outgoing = this.#first;
  }
}

/** Fills `bytes` with all frames from the root to the end of this stretch. */
function join(last: Stretch, bytes: Buffer): Buffer {
  let end = last.length;
  for (let stretch: Stretch | undefined = last; stretch !== undefined; stretch = stretch.previous) {
    const { frames } = stretch;
    for (let index = frames.length - 1; index >= 0; index--) {
      end -= frames[index].length;
      bytes.set(frames[index], end);
    }
  }
  return bytes;
}
