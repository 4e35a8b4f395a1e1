import { Command, Flag, isQuery } from '#src/wire/command.js';
import { type Frame, type ReceivedFrame, emptyFrame, encodeFrame } from '#src/wire/frame.js';
import { NODE_FEATURE } from '#src/wire/worker-connect.js';
import { type PhpConnection, PhpGateway } from './php-gateway.js';

/** As 127.0.0.1. */
const LOOPBACK = 0x7f000001;

/** The inner port of one of our gateways, or of PHP's, as far as a worker sees it; what it does is up to the test. */
export class FakeGateway {
  readonly address: { readonly ip: number; readonly port: number };
  readonly #server: PhpGateway;
  readonly #frames: ReceivedFrame[] = [];
  #waiting: Array<() => void> = [];

  private constructor(server: PhpGateway) {
    this.#server = server;
    this.address = { ip: LOOPBACK, port: server.port };
  }

  /** One of ours: it introduces itself, and hears. @param features what it knows beside the first of ours */
  static async ours(port = 0, features: readonly string[] = []): Promise<FakeGateway> {
    return await FakeGateway.#listen(port, (frame, connection) => {
      if (frame.command !== Command.GATEWAY_CLIENT_CONNECT) return;
      const body = JSON.stringify({ features: [NODE_FEATURE, ...features], node: 'fake' });
      connection.socket.write(encodeFrame({ ...emptyFrame(), command: Command.WORKER_CONNECT, body }));
    });
  }

  /** PHP's: it answers every query with 0, and introduces itself to nobody. @param early what it sends to a worker at once */
  static async php(
    early: (address: FakeGateway['address']) => Buffer = () => Buffer.alloc(0),
  ): Promise<FakeGateway> {
    const gateway: FakeGateway = await FakeGateway.#listen(0, (frame, connection) => {
      if (frame.command === Command.WORKER_CONNECT) connection.socket.write(early(gateway.address));
      if (isQuery(frame.command)) connection.reply(0);
    });
    return gateway;
  }

  static async #listen(
    port: number,
    onFrame: (frame: ReceivedFrame, connection: PhpConnection) => void,
  ): Promise<FakeGateway> {
    const box: { gateway?: FakeGateway } = {};
    const server = await PhpGateway.listen((frame, connection) => {
      onFrame(frame, connection);
      box.gateway?.heard(frame);
    }, port);
    box.gateway = new FakeGateway(server);
    return box.gateway;
  }

  get connections(): readonly PhpConnection[] {
    return this.#server.connections;
  }

  private heard(frame: ReceivedFrame): void {
    this.#frames.push(frame);
    for (const look of this.#waiting.splice(0)) look();
  }

  /** The next frame with this command, on any connection; those before it are passed over. */
  async next(command: number): Promise<ReceivedFrame> {
    return await this.nextOf([command]);
  }

  /** The next frame with one of these. */
  async nextOf(commands: readonly number[]): Promise<ReceivedFrame> {
    for (;;) {
      for (let frame = this.#frames.shift(); frame !== undefined; frame = this.#frames.shift()) {
        if (commands.includes(frame.command)) return frame;
      }
      await new Promise<void>((resolve) => void this.#waiting.push(resolve));
    }
  }

  /** What came and was not asked for, by command. */
  get unheard(): readonly number[] {
    return this.#frames.map(({ command }) => command);
  }

  /** Sends a frame to the worker that came last, as an event of one of this gateway's clients unless it says otherwise. */
  send(frame: Partial<Frame>, connection = this.connections.at(-1)): void {
    connection?.socket.write(this.event(frame));
  }

  /** The bytes that {@link send} sends. */
  event(frame: Partial<Frame>): Buffer {
    return eventBytes(this.address, frame);
  }

  /** Ends its connections without a word of farewell, and takes no further one. */
  async close(): Promise<void> {
    await this.#server.close();
  }
}

/** An event of a client at the gateway of this address. */
export function eventBytes({ ip, port }: { ip: number; port: number }, frame: Partial<Frame>): Buffer {
  return encodeFrame({ ...emptyFrame(), flags: Flag.PLAIN_BODY, localIp: ip, localPort: port, ...frame });
}
