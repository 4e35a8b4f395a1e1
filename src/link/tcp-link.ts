import type { Socket } from 'node:net';
import { FrameReader } from '../wire/frame-reader.js';
import { type Frame, ReceivedFrame, decodeFrame, encodeFrame } from '../wire/frame.js';
import { BaseLink } from './base-link.js';
import { SocketWriter } from './socket-writer.js';

export interface TcpLinkOptions {
  readonly name: string;
  /** Bytes that may wait before `send` returns false. Not below the socket's own high-water mark. */
  readonly bufferSize: number;
  /** Bytes of the longest frame taken, header included. */
  readonly maxFrameLength: number;
}

/** A link over a connected TCP or TLS socket, which it owns from now on. Writes of one tick go out together. */
export class TcpLink extends BaseLink {
  readonly #socket: Socket;
  readonly #writer: SocketWriter;
  readonly #reader: FrameReader;
  readonly #frame = new ReceivedFrame();
  #failure: Error | undefined;
  /** Called before each frame of {@link send}: what it sends itself, by {@link sendBytes}, comes before that. */
  before: (() => void) | undefined;

  constructor(socket: Socket, options: TcpLinkOptions) {
    super(options.name);
    this.#socket = socket;
    this.#writer = new SocketWriter(socket, options.bufferSize, () => {
      if (this.state === 'open') this.subscriber.drained();
    });
    this.#reader = new FrameReader(options.maxFrameLength);
    // from now on, and not from listen on: an error that nobody listens for would end the process
    socket
      .on('error', (error) => {
        this.#failure = error;
      })
      .on('close', () => this.ended(this.#failure));
  }

  get bufferedBytes(): number {
    return this.#writer.bufferedBytes;
  }

  get congested(): boolean {
    return this.#writer.congested;
  }

  /** Bytes received so far. */
  get bytesRead(): number {
    return this.#socket.bytesRead;
  }

  /** From the next frame on, the longest taken has so many bytes: the far end has shown who it is. */
  takeFramesOf(bytes: number): void {
    this.#reader.maxLength = bytes;
  }

  /** Whether it is told to read no more. */
  get paused(): boolean {
    return this.#socket.isPaused();
  }

  /** Reads no more until {@link resume}: the far end will have to wait. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /**
   * Sends bytes as they are: frames that are encoded already, or the replies that PHP peers expect, which are none.
   *
   * @returns as {@link send}
   */
  sendBytes(bytes: Buffer): boolean {
    this.#writer.write(bytes);
    return !this.congested;
  }

  /** Writes what this tick has brought so far, without waiting for its end. */
  flush(): void {
    this.#writer.flush();
  }

  protected start(): void {
    const onFrame = (bytes: Buffer): void => {
      if (this.state !== 'closed') this.subscriber.frame(decodeFrame(bytes, this.#frame), 0);
    };
    this.#socket
      .setNoDelay(true)
      .on('data', (chunk: Buffer) => {
        try {
          this.#reader.push(chunk, onFrame);
        } catch (error) {
          this.destroy(error as Error);
        }
      })
      // the socket ends this side as well and takes no more: what it has accepted still goes out
      .on('end', () => void this.close());
  }

  protected transmit(frame: Frame): boolean {
    this.before?.();
    return this.sendBytes(encodeFrame(frame));
  }

  protected finish(): void {
    this.#socket.end();
  }

  protected abandon(error?: Error): void {
    this.#socket.destroy(error);
  }
}
