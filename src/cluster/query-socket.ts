import type { Socket } from 'node:net';
import { GatewayError } from '../base/errors.js';
import { Queue } from '../base/queue.js';
import { SocketWriter } from '../link/socket-writer.js';
import { REPLY_HEADER_LENGTH, ReplyReader } from '../wire/reply-reader.js';
import { type AskedQuery, PROBE, separator } from './asked-query.js';

/** Who asks over the socket. */
export interface QuerySocketOwner {
  /** A query's answer, valid during the call only. What it throws is {@link failed}. */
  reply(query: AskedQuery, value: Buffer): void;
  /** An answer has shown that the gateway has left this query out. */
  leftOut(query: AskedQuery): void;
  /** Something came, and was handed out. */
  received(): void;
  /** What waited has gone out, after it was congested. */
  drained(): void;
  failed(error: Error): void;
  /** The gateway sends nothing more. */
  hungUp(): void;
  /** The end, once. */
  closed(): void;
}

/**
 * One socket to a gateway's inner port, on which queries are answered in the order in which they were asked: which answer is
 * whose (see asked-query.ts).
 */
export class QuerySocket {
  readonly #socket: Socket;
  readonly #owner: QuerySocketOwner;
  readonly #writer: SocketWriter;
  readonly #reader: ReplyReader;
  /** The queries that are not answered yet, in the order of the answers. */
  readonly #asked = new Queue<AskedQuery>();
  /** The last of them. */
  #last: AskedQuery | undefined;
  /** Whether its answers are nobody's any more. */
  #abandoned = false;
  readonly #replied = (reply: Buffer): void => {
    if (!this.#abandoned) this.#take(reply.subarray(REPLY_HEADER_LENGTH));
  };

  /**
   * @param socket is owned from now on. It may still be connecting: what is sent waits
   * @param limits as in QueryConnectionOptions
   */
  constructor(
    socket: Socket,
    owner: QuerySocketOwner,
    limits: { readonly bufferSize: number; readonly maxReplyLength: number },
  ) {
    this.#socket = socket;
    this.#owner = owner;
    this.#writer = new SocketWriter(socket, limits.bufferSize, () => owner.drained());
    this.#reader = new ReplyReader(limits.maxReplyLength);
    socket
      .setNoDelay(true)
      .on('data', (chunk: Buffer) => this.#receive(chunk))
      .on('error', (cause: Error) => owner.failed(cause))
      .on('end', () => owner.hungUp())
      .on('close', () => owner.closed());
  }

  get connecting(): boolean {
    return this.#socket.connecting;
  }

  /** Bytes that were accepted and have not left. */
  get bufferedBytes(): number {
    return this.#writer.bufferedBytes;
  }

  get congested(): boolean {
    return this.#writer.congested;
  }

  /** Bytes that have come and gone: while nothing moves, it stays as it is. */
  get moved(): number {
    return this.#socket.bytesRead + this.#socket.bytesWritten - this.#socket.writableLength;
  }

  /** How many queries are not answered, those that are for nobody included. */
  get unanswered(): number {
    return this.#asked.length;
  }

  /** The oldest query that somebody has asked and that is not answered. */
  get oldest(): AskedQuery | undefined {
    return [...this.#asked].find(({ requestId }) => requestId !== undefined);
  }

  write(bytes: Buffer): void {
    this.#writer.write(bytes);
  }

  ask(query: AskedQuery): void {
    this.#asked.push(query);
    this.#last = query;
    this.#writer.write(query.bytes);
  }

  /** Whatever is asked next: the answer to what was asked last will be known from all others. */
  separate(): void {
    const { requestId, command } = this.#last ?? PROBE;
    if (requestId !== undefined && this.#asked.length > 0) this.ask(separator(command));
  }

  /** Its answers are nobody's any more. @returns the queries that are not answered, oldest first */
  abandon(): AskedQuery[] {
    this.#abandoned = true;
    const asked = [...this.#asked];
    this.#asked.clear();
    return asked;
  }

  /** Lets out what was accepted, and ends when the gateway has done the same. */
  end(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.abandon();
    this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    if (this.#socket.destroyed) return;
    try {
      this.#reader.push(chunk, this.#replied);
    } catch (error) {
      this.#owner.failed(error as Error);
      return;
    }
    this.#owner.received();
  }

  /** An answer came. */
  #take(value: Buffer): void {
    let query = this.#asked.shift();
    // it stands for nothing where a gateway has left it out
    if (query?.always?.equals(value) === false) query = this.#asked.shift();
    if (query === undefined) {
      throw new GatewayError(
        'GW_FRAME',
        `A reply of ${value.length} bytes came that nothing had asked for; the peer is no gateway, or does not answer in order.`,
      );
    }
    const leftOut = query.always === undefined && this.#asked.peek()?.always?.equals(value) === true;
    if (leftOut) this.#owner.leftOut(query);
    else this.#owner.reply(query, value);
  }
}
