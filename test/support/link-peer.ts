import { once } from 'node:events';
import type { MessagePort, Worker } from 'node:worker_threads';
import type { Link } from '#src/link/link.js';
import { type Frame, type ReceivedFrame, encodeFrame } from '#src/wire/frame.js';
import { lengthOf, testFrame } from './test-frame.js';

/** What a link and its listener have seen so far. */
export interface LinkFacts {
  readonly state: string;
  readonly congested: boolean;
  readonly bufferedBytes: number;
  /** Frames received, and how often drained() and closed() were called. */
  readonly frames: number;
  readonly drained: number;
  readonly closed: number;
  /** The message of the error that closed() was given. */
  readonly error?: string;
}

/** One end of a link as a test uses it. Asynchronous throughout, since the end may live in another thread. */
export interface Peer {
  /** Begins to listen. Before that the end takes nothing in: a far end that is stalled. */
  listen(): Promise<void>;
  /** Sends frames in one go; what each send returned. */
  send(frames: readonly Frame[]): Promise<boolean[]>;
  /**
   * Sends the test frames 0 to `count` - 1, of up to `longest` bytes, and waits for drained() wherever a send returned false.
   *
   * @returns how often one did
   */
  stream(count: number, longest: number): Promise<number>;
  /** The frames received, encoded again from their fields, once there are this many. */
  received(count: number): Promise<Uint8Array[]>;
  /** Waits until drained() has been called so many times. */
  drained(times: number): Promise<LinkFacts>;
  /** Waits until closed() has been called. */
  ended(): Promise<LinkFacts>;
  facts(): Promise<LinkFacts>;
  close(): Promise<LinkFacts>;
  destroy(message?: string): Promise<LinkFacts>;
  /** Destroys the link from inside the listener when this many frames have been received. */
  destroyAt(frames: number): Promise<void>;
}

/** A peer in this thread. */
export class LocalPeer implements Peer {
  readonly #link: Link;
  readonly #onListen: () => void;
  readonly #onFrame: (frame: ReceivedFrame, place: number) => void;
  readonly #received: Buffer[] = [];
  #destroyAt = Infinity;
  #drained = 0;
  #closed = 0;
  #error: string | undefined;
  #waiting: Array<{ condition: () => boolean; resolve: () => void }> = [];

  /**
   * @param onListen what else starts this end
   * @param onFrame what else is done with each frame
   */
  constructor(
    link: Link,
    onListen: () => void = () => {},
    onFrame: (frame: ReceivedFrame, place: number) => void = () => {},
  ) {
    this.#link = link;
    this.#onListen = onListen;
    this.#onFrame = onFrame;
  }

  async listen(): Promise<void> {
    this.#link.subscribe({
      frame: (frame, place) => {
        this.#received.push(encodeFrame(frame));
        this.#onFrame(frame, place);
        if (this.#received.length === this.#destroyAt) this.#link.destroy();
        this.#look();
      },
      drained: () => {
        this.#drained++;
        this.#look();
      },
      closed: (error) => {
        this.#closed++;
        this.#error = error?.message;
        this.#look();
      },
    });
    this.#onListen();
  }

  async send(frames: readonly Frame[]): Promise<boolean[]> {
    return frames.map((frame) => this.#send(frame));
  }

  async stream(count: number, longest: number): Promise<number> {
    let refusals = 0;
    for (let number = 0; number < count; number++) {
      const drained = this.#drained;
      if (this.#send(testFrame(number, lengthOf(number, longest)))) continue;
      refusals++;
      await this.#until(() => this.#drained > drained);
    }
    return refusals;
  }

  async received(count: number): Promise<Uint8Array[]> {
    await this.#until(() => this.#received.length >= count);
    return this.#received;
  }

  async drained(times: number): Promise<LinkFacts> {
    await this.#until(() => this.#drained >= times);
    return this.#facts();
  }

  async ended(): Promise<LinkFacts> {
    await this.#until(() => this.#closed > 0);
    return this.#facts();
  }

  async facts(): Promise<LinkFacts> {
    return this.#facts();
  }

  async close(): Promise<LinkFacts> {
    await this.#link.close();
    return this.#facts();
  }

  async destroy(message?: string): Promise<LinkFacts> {
    this.#link.destroy(message === undefined ? undefined : new Error(message));
    return this.#facts();
  }

  async destroyAt(frames: number): Promise<void> {
    this.#destroyAt = frames;
  }

  /** Sends a copy and spoils it afterwards: `send` has to copy what it needs. */
  #send(frame: Frame): boolean {
    const reused = { ...frame };
    if (typeof frame.body !== 'string') reused.body = Buffer.from(frame.body);
    const accepted = this.#link.send(reused);
    if (typeof reused.body !== 'string') reused.body.fill(0xee);
    reused.connectionId = 0xeeee;
    return accepted;
  }

  #facts(): LinkFacts {
    const { state, congested, bufferedBytes } = this.#link;
    return {
      state,
      congested,
      bufferedBytes,
      frames: this.#received.length,
      drained: this.#drained,
      closed: this.#closed,
      error: this.#error,
    };
  }

  async #until(condition: () => boolean): Promise<void> {
    if (condition()) return;
    await new Promise<void>((resolve) => this.#waiting.push({ condition, resolve }));
  }

  #look(): void {
    this.#waiting = this.#waiting.filter(({ condition, resolve }) => {
      const met = condition();
      if (met) resolve();
      return !met;
    });
  }
}

interface Call {
  readonly id: number;
  readonly method: keyof Peer;
  readonly args: readonly unknown[];
}

interface Answer {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: { readonly code?: string; readonly message: string };
}

/** Lets the thread that started this one use a peer of this thread. */
export function servePeer(peer: Peer, port: MessagePort): void {
  port.on('message', ({ id, method, args }: Call) => {
    const call = peer[method] as (...values: readonly unknown[]) => Promise<unknown>;
    call.call(peer, ...args).then(
      (value) => port.postMessage({ id, value }),
      ({ code, message }: Error & { code?: string }) => port.postMessage({ id, error: { code, message } }),
    );
  });
  port.postMessage({ id: 0 });
}

/** The peer that {@link servePeer} serves in another thread. */
export async function remotePeer(port: Worker): Promise<Peer> {
  await once(port, 'message');
  let last = 0;
  const waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  port.on('message', ({ id, value, error }: Answer) => {
    const call = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) call?.resolve(value);
    else call?.reject(Object.assign(new Error(error.message), { code: error.code }));
  });
  const remote =
    (method: keyof Peer) =>
    async (...args: readonly unknown[]): Promise<never> =>
      new Promise((resolve, reject) => {
        waiting.set(++last, { resolve: resolve as (value: unknown) => void, reject });
        port.postMessage({ id: last, method, args });
      });
  return {
    listen: remote('listen'),
    send: remote('send'),
    stream: remote('stream'),
    received: remote('received'),
    drained: remote('drained'),
    ended: remote('ended'),
    facts: remote('facts'),
    close: remote('close'),
    destroy: remote('destroy'),
    destroyAt: remote('destroyAt'),
  };
}
