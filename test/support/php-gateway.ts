import { once } from 'node:events';
import { type AddressInfo, type Server, type Socket, createServer } from 'node:net';
import { FrameReader } from '#src/wire/frame-reader.js';
import { type ReceivedFrame, decodeFrame } from '#src/wire/frame.js';
import { type PhpValue, serialize } from '#src/wire/php-serialize.js';

/** One connection that a gateway's inner port has taken. */
export class PhpConnection {
  readonly socket: Socket;
  /** What came, whole frames. */
  readonly frames: ReceivedFrame[] = [];
  #waiting: Array<{ count: number; resolve: () => void }> = [];

  constructor(socket: Socket, onFrame: (frame: ReceivedFrame, connection: PhpConnection) => void) {
    this.socket = socket;
    const reader = new FrameReader(32 * 1024 * 1024);
    socket
      .on('data', (chunk: Buffer) =>
        reader.push(chunk, (bytes) => {
          const frame = decodeFrame(Buffer.from(bytes));
          this.frames.push(frame);
          onFrame(frame, this);
          for (const { resolve } of this.#waiting.filter(({ count }) => count <= this.frames.length))
            resolve();
          this.#waiting = this.#waiting.filter(({ count }) => count > this.frames.length);
        }),
      )
      .on('error', () => {});
  }

  /** The frames that came, once there are this many. */
  async received(count: number): Promise<readonly ReceivedFrame[]> {
    if (this.frames.length < count) {
      await new Promise<void>((resolve) => void this.#waiting.push({ count, resolve }));
    }
    return this.frames;
  }

  /** Answers a query as PHP does. */
  reply(value: PhpValue): void {
    this.socket.write(replyBytes(value));
  }
}

/** The inner port of a PHP gateway, as far as it is heard and answers what the test says. */
export class PhpGateway {
  readonly connections: PhpConnection[] = [];
  readonly port: number;
  readonly #server: Server;
  #next: Array<(connection: PhpConnection) => void> = [];

  private constructor(server: Server, onFrame: (frame: ReceivedFrame, connection: PhpConnection) => void) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    server.on('connection', (socket) => {
      const connection = new PhpConnection(socket, onFrame);
      this.connections.push(connection);
      this.#next.shift()?.(connection);
    });
  }

  /** @param onFrame what it does with every frame */
  static async listen(
    onFrame: (frame: ReceivedFrame, connection: PhpConnection) => void = () => {},
    port = 0,
  ): Promise<PhpGateway> {
    const server = createServer();
    await once(server.listen(port, '127.0.0.1'), 'listening');
    return new PhpGateway(server, onFrame);
  }

  /** The next connection that comes. */
  async connection(): Promise<PhpConnection> {
    return await new Promise((resolve) => void this.#next.push(resolve));
  }

  async close(): Promise<void> {
    for (const { socket } of this.connections) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

export function replyBytes(value: PhpValue): Buffer {
  const bytes = serialize(value);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
