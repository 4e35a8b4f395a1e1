import { type Socket, connect } from 'node:net';
import { createHash } from 'node:crypto';
import { FrameCounter } from './frame-counter.js';
import { type FrameRow, messageBytes, requestFrame } from './messages.js';

/** A fixed key is enough: nothing here is kept secret. */
const KEY = Buffer.from('a benchmark key.').toString('base64');
const ACCEPT = createHash('sha1').update(`${KEY}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
const PONG = Buffer.from([0x8a, 0x80, 0, 0, 0, 0]);
const LARGEST_HEAD = 4096;

/** One buffer for every socket of this process: what was read is used before the next read. */
const readBuffer = Buffer.allocUnsafe(256 * 1024);

/**
 * How many addresses connections come from (127.0.0.1, 127.0.0.2, …), since each has some 28,000 ports only, and the kernel
 * looks for a free one the longer the fewer are left: with 12,000 in use at each that took longer than all the rest.
 */
const SOURCE_ADDRESSES = 64;

/** A websocket client on a raw TCP socket, which does no more than it must. */
export class Connection {
  readonly number: number;
  /** Called with how many messages came in one piece of the stream. */
  onMessages: (count: number) => void = () => {};
  onError: (error: Error) => void;
  readonly #socket: Socket;
  readonly #frames: FrameCounter;
  #head = '';
  #onOpen: (() => void) | undefined;
  #closing = false;

  constructor(port: number, number: number, onOpen: () => void, onError: (error: Error) => void) {
    this.number = number;
    this.#onOpen = onOpen;
    this.onError = onError;
    this.#frames = new FrameCounter(() => this.#socket.write(PONG));
    const localAddress = `127.0.0.${1 + (number % SOURCE_ADDRESSES)}`;
    const onread = { buffer: readBuffer, callback: (length: number) => this.#read(length) };
    this.#socket = connect({ host: '127.0.0.1', port, localAddress, noDelay: true, onread });
    this.#socket.on('connect', () => {
      this.#socket.write(
        `GET /?client=${number} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
          `Sec-WebSocket-Key: ${KEY}\r\nSec-WebSocket-Version: 13\r\n\r\n`,
      );
    });
    this.#socket.on('error', (error) => this.#fail(error));
    this.#socket.on('close', () => this.#fail(new Error('the server closed the connection')));
  }

  /** Messages that came since {@link expect}. */
  get received(): number {
    return this.#frames.received;
  }

  /** From now on these messages come, in this order and from the first one on. */
  expect(replies: FrameRow): void {
    this.#frames.expect(replies);
  }

  /** Resolves when the server knows this client by name: it keeps one in the session, where it has sessions. */
  async signIn(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.onError = reject;
      this.onMessages = () => resolve();
      this.send(requestFrame(messageBytes('s', this.number, 0)));
    });
  }

  send(frames: Buffer): void {
    this.#socket.write(frames);
  }

  /** Ends at once, with a reset: the port is free again and nothing lingers. */
  destroy(): void {
    this.#closing = true;
    this.#socket.resetAndDestroy();
  }

  #read(length: number): boolean {
    try {
      const start = this.#onOpen === undefined ? 0 : this.#readHead(length);
      if (start < length) {
        const count = this.#frames.push(readBuffer, start, length);
        if (count > 0) this.onMessages(count);
      }
    } catch (error) {
      this.#fail(error as Error);
    }
    return true;
  }

  /** @returns where the first frame begins */
  #readHead(length: number): number {
    const before = this.#head.length;
    this.#head += readBuffer.toString('latin1', 0, length);
    const end = this.#head.indexOf('\r\n\r\n');
    if (end < 0) {
      if (this.#head.length > LARGEST_HEAD) throw new Error('the handshake is not answered by HTTP');
      return length;
    }
    if (!this.#head.startsWith('HTTP/1.1 101 ') || !this.#head.includes(ACCEPT)) {
      throw new Error(`the handshake is answered by: ${this.#head.slice(0, end)}`);
    }
    this.#head = '';
    const opened = this.#onOpen;
    this.#onOpen = undefined;
    opened?.();
    return end + 4 - before;
  }

  #fail(error: Error): void {
    if (this.#closing) return;
    this.destroy();
    this.onError(new Error(`client ${this.number}: ${error.message}`, { cause: error }));
  }
}
