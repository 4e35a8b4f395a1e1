import { type Socket, connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { createHash } from 'node:crypto';
import { dialects } from './dialect.js';
import { type ControlFrames, type Counter, FrameCounter } from './frame-counter.js';
import { type FrameRow, type Opening, messageBytes } from './messages.js';
import type { Target } from './orders.js';

/** A fixed key is enough: nothing here is kept secret. */
const KEY = Buffer.from('a benchmark key.').toString('base64');
const ACCEPT = createHash('sha1').update(`${KEY}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
/** As browsers have it. */
const OFFER = 'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n';
const PONG = Buffer.from([0x8a, 0x80, 0, 0, 0, 0]);
const LARGEST_HEAD = 4096;

/** One buffer for every socket of this process: what was read is used before the next read. */
const readBuffer = Buffer.allocUnsafe(256 * 1024);

/**
 * How many addresses connections come from (127.0.0.1, 127.0.0.2, …), since each has some 28,000 ports only, and the kernel
 * looks for a free one the longer the fewer are left: with 12,000 in use at each that took longer than all the rest.
 */
const SOURCE_ADDRESSES = 64;

/** Makes what counts a client's messages. */
export type CounterOf = (control: ControlFrames) => Counter;

/** A websocket client on a raw TCP or TLS socket, which does no more than it must. */
export class Connection {
  readonly number: number;
  /** Called with how many messages came in one piece of the stream. */
  onMessages: (count: number) => void = () => {};
  /** Called when there is room again, after {@link send} has returned false. */
  onDrain: () => void = () => {};
  onError: (error: Error) => void;
  readonly #socket: Socket;
  readonly #target: Target;
  readonly #frames: Counter;
  /** The server's answer to the handshake, as far as it has come; undefined once it is whole. */
  #head: string | undefined = '';
  #onOpen: (() => void) | undefined;
  #closing = false;
  /** What the server has agreed to. */
  extensions = '';

  /** @param number tells it from the others, and which of the target's ports it goes to */
  constructor(
    target: Target,
    number: number,
    onOpen: () => void,
    onError: (error: Error) => void,
    counter?: CounterOf,
  ) {
    this.number = number;
    this.#target = target;
    this.#onOpen = onOpen;
    this.onError = onError;
    const dialect = dialects[target.dialect];
    const control: ControlFrames = {
      ping: () => this.#socket.write(PONG),
      aliveAsked: () => this.#socket.write(dialect.alive),
    };
    this.#frames = counter?.(control) ?? new FrameCounter(dialect, control);
    const port = target.ports[number % target.ports.length];
    const host = '127.0.0.1';
    const localAddress = `127.0.0.${1 + (number % SOURCE_ADDRESSES)}`;
    const onread = { buffer: readBuffer, callback: (length: number) => this.#read(length) };
    const options = { host, port, localAddress, onread };
    this.#socket = target.tls ? connectTls({ ...options, rejectUnauthorized: false }) : connect(options);
    this.#socket.setNoDelay();
    this.#socket.on(target.tls ? 'secureConnect' : 'connect', () => {
      this.#socket.write(
        `GET ${dialect.path}client=${number} HTTP/1.1\r\nHost: ${host}:${port}\r\nUpgrade: websocket\r\n` +
          `Connection: Upgrade\r\nSec-WebSocket-Key: ${KEY}\r\nSec-WebSocket-Version: 13\r\n` +
          `${target.compression ? OFFER : ''}\r\n`,
      );
    });
    this.#socket.on('drain', () => this.onDrain());
    this.#socket.on('error', (error) => this.#fail(error));
    this.#socket.on('close', () => this.#fail(new Error('the server closed the connection')));
  }

  /** Messages that came since {@link expect}. */
  get received(): number {
    return this.#frames.received;
  }

  /** From now on these messages come, in this order and from the first one on. */
  expect(replies: FrameRow): void {
    if (this.#frames instanceof FrameCounter) this.#frames.expect(replies);
  }

  /** Sends one message, and resolves when it has come back. @param opening what it asks for */
  async ask(opening: Opening): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.onError = reject;
      this.onMessages = () => resolve();
      this.send(dialects[this.#target.dialect].request(messageBytes(opening, this.number, 0)));
    });
  }

  /** @returns false when much waits to be taken by the system */
  send(frames: Buffer): boolean {
    return this.#socket.write(frames);
  }

  /** Ends at once. Without TLS with a reset: the port is free again and nothing lingers. */
  destroy(): void {
    this.#closing = true;
    if (this.#target.tls) this.#socket.destroy();
    else this.#socket.resetAndDestroy();
  }

  #read(length: number): boolean {
    try {
      const start = this.#head === undefined ? 0 : this.#readHead(length);
      if (start < length) {
        const count = this.#frames.push(readBuffer, start, length);
        if (count > 0) this.onMessages(count);
      }
      if (this.#onOpen !== undefined && this.#head === undefined && this.#frames.welcomed) {
        const opened = this.#onOpen;
        this.#onOpen = undefined;
        opened();
      }
    } catch (error) {
      this.#fail(error as Error);
    }
    return true;
  }

  /** @returns where the first frame begins */
  #readHead(length: number): number {
    const before = this.#head?.length ?? 0;
    const head = (this.#head ?? '') + readBuffer.toString('latin1', 0, length);
    this.#head = head;
    const end = head.indexOf('\r\n\r\n');
    if (end < 0) {
      if (head.length > LARGEST_HEAD) throw new Error('the handshake is not answered by HTTP');
      return length;
    }
    if (!head.startsWith('HTTP/1.1 101 ') || !head.includes(ACCEPT)) {
      throw new Error(`the handshake is answered by: ${head.slice(0, end)}`);
    }
    this.#head = undefined;
    this.extensions = /^sec-websocket-extensions: (.*)\r$/im.exec(head)?.[1] ?? '';
    const { greeting } = dialects[this.#target.dialect];
    if (greeting !== undefined) this.send(greeting);
    return end + 4 - before;
  }

  #fail(error: Error): void {
    if (this.#closing) return;
    this.destroy();
    this.onError(new Error(`client ${this.number}: ${error.message}`, { cause: error }));
  }
}
