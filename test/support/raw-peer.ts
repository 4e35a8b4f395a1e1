import { once } from 'node:events';
import { type Socket, connect } from 'node:net';
import { Command, Flag } from '#src/wire/command.js';
import { type Frame, type ReceivedFrame, decodeFrame, emptyFrame, encodeFrame } from '#src/wire/frame.js';
import { LIMIT } from './inbox.js';

/** A peer on an inner port, down to the bytes: what it sends and what it gets is up to the test. */
export class RawPeer {
  readonly socket: Socket;
  readonly closed: Promise<unknown>;
  /** As the far end sees it. */
  readonly address: string;
  #received = Buffer.alloc(0);
  #onMore: () => void = () => {};
  #ended = false;

  constructor(socket: Socket) {
    this.socket = socket;
    this.address = `127.0.0.1:${socket.localPort}`;
    socket.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#onMore();
    });
    // a reset connection also shows as its close
    socket.on('error', () => {});
    this.closed = new Promise((resolve) => {
      socket.on('close', () => {
        this.#ended = true;
        this.#onMore();
        resolve(undefined);
      });
    });
  }

  static async connect(port: number, host = '127.0.0.1'): Promise<RawPeer> {
    const socket = connect(port, host);
    await once(socket, 'connect');
    return new RawPeer(socket);
  }

  /** Bytes that came and that nobody has asked for. */
  get unread(): number {
    return this.#received.length;
  }

  send(...frames: Partial<Frame>[]): void {
    this.write(Buffer.concat(frames.map((frame) => frameBytes(frame))));
  }

  write(bytes: Buffer | string): void {
    this.socket.write(bytes);
  }

  /** Says who it is, as a PHP worker does, or with `features` as one of our slots. */
  introduce(workerKey: string, secretKey: string, features?: readonly string[], instance?: string): void {
    const body = JSON.stringify({ worker_key: workerKey, secret_key: secretKey, features, instance });
    const command = features === undefined ? Command.WORKER_CONNECT : Command.GATEWAY_CLIENT_CONNECT;
    this.send({ command, body });
  }

  /** Says the key, as a GatewayClient does. */
  identify(secretKey: string): void {
    this.send({ command: Command.GATEWAY_CLIENT_CONNECT, body: JSON.stringify({ secret_key: secretKey }) });
  }

  /** The next bytes; rejects when they do not come. */
  async take(length: number): Promise<Buffer> {
    const deadline = Date.now() + LIMIT;
    while (this.#received.length < length) {
      const left = deadline - Date.now();
      if (this.#ended || left <= 0) {
        throw new Error(`${this.#received.length} bytes came; expected ${length}.`);
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#onMore = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    const bytes = this.#received.subarray(0, length);
    this.#received = this.#received.subarray(length);
    return bytes;
  }

  /** The next frame's bytes. */
  async nextFrameBytes(): Promise<Buffer> {
    const head = await this.take(4);
    return Buffer.concat([head, await this.take(head.readUInt32BE() - 4)]);
  }

  async nextFrame(): Promise<ReceivedFrame> {
    return decodeFrame(await this.nextFrameBytes());
  }

  /** The next unframed reply, with its length field. */
  async nextReply(): Promise<Buffer> {
    const head = await this.take(4);
    return Buffer.concat([head, await this.take(head.readUInt32BE())]);
  }

  /** Sends a query as a GatewayClient does; the reply without its length field. */
  async ask(frame: Partial<Frame>): Promise<string> {
    this.send(frame);
    return (await this.nextReply()).subarray(4).toString('latin1');
  }

  /** Resolves when the gateway has carried out everything that was sent before. Not for a worker with events under way. */
  async settled(): Promise<void> {
    await this.ask({ command: Command.IS_ONLINE });
  }
}

export function frameBytes(frame: Partial<Frame>): Buffer {
  return encodeFrame({ ...emptyFrame(), flags: Flag.PLAIN_BODY, ...frame });
}
