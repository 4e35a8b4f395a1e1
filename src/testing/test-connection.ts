import type { Buffer } from 'node:buffer';
import type { ListenerContext } from '../gateway/protocols/listener-context.js';
import type { Connection } from '../gateway/protocols/protocol.js';
import type { End, TestMessage } from './test-client.js';
import { readMessages, testProtocol } from './test-protocol.js';

/** Who is told of what happens to a connection. */
export interface TestConnectionOwner {
  received(message: TestMessage): void;
  ended(end: End): void;
}

/** A client's connection without a socket: what the gateway writes is here at once, and what the client sends is there at once. */
export class TestConnection implements Connection {
  readonly protocol = testProtocol;
  readonly flow = undefined;
  readonly bufferedBytes = 0;
  bytesIn = 0;
  bytesOut = 0;
  client: unknown;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly listener: ListenerContext;
  /** Whether it answers pings, as a browser does by itself. */
  answersPings = true;
  readonly #owner: TestConnectionOwner;
  /** What was sent while the gateway reads nothing: null while it reads. */
  #unread: { data: Buffer; binary: boolean }[] | null = null;
  /** What ends the connection, while the gateway reads nothing. */
  #unreadEnd: End | undefined;
  #open = true;

  constructor(
    listener: ListenerContext,
    owner: TestConnectionOwner,
    from: { address: string; port: number },
  ) {
    this.#owner = owner;
    this.listener = listener;
    this.remoteAddress = from.address;
    this.remotePort = from.port;
  }

  get open(): boolean {
    return this.#open;
  }

  /** The client sends a message. */
  deliver(data: Buffer, binary: boolean): void {
    if (!this.#open || this.#unreadEnd !== undefined) return;
    this.bytesIn += data.length;
    if (this.#unread === null) this.listener.host.message(this, data, binary);
    else this.#unread.push({ data, binary });
  }

  /** The client closes. */
  leave(end: End): void {
    if (this.#unread === null) this.#end(end);
    else this.#unreadEnd ??= end;
  }

  write(bytes: Buffer): void {
    if (!this.#open) return;
    this.bytesOut += bytes.length;
    for (const message of readMessages(bytes)) this.#owner.received(message);
  }

  ping(): void {
    if (this.answersPings && this.#open) this.listener.host.alive(this);
  }

  pause(): void {
    this.#unread ??= [];
  }

  resume(): void {
    const unread = this.#unread;
    if (unread === null) return;
    this.#unread = null;
    for (const { data, binary } of unread) this.listener.host.message(this, data, binary);
    if (this.#unreadEnd !== undefined) this.#end(this.#unreadEnd);
  }

  close(code = 1000, reason = ''): void {
    // what the gateway does in the same turn comes before the end, as with a socket
    setImmediate(() => this.#end({ code, reason }));
  }

  finish(): void {
    this.close();
  }

  destroy(): void {
    this.#end({ code: 1006, reason: '' });
  }

  #end(end: End): void {
    if (!this.#open) return;
    this.#open = false;
    this.listener.host.closed(this, end.code, end.reason);
    this.#owner.ended(end);
  }
}
