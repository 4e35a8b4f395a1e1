import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { GatewayError } from '../../base/errors.js';
import { LineReader } from '../../net/line-reader.js';
import { type ControlRequest, MAX_ANSWER, MAX_PAGE, readAnswer } from './control-protocol.js';
import type { ConnectionPage, ConnectionStatus, NodeStatus, ReloadNote } from '../requests/status.js';

/** Milliseconds in which a node that is well has answered what it need not wait for. */
const ANSWER_TIME = 5000;

/** The node has ended the connection instead of answering. */
export class HungUpError extends GatewayError {
  constructor() {
    super(
      'GW_CONTROL',
      'The node ended the connection to its control socket without an answer: it has died, or was stopped at the same time. See its log.',
    );
  }
}

/** The other end of a {@link ControlServer}: one request at a time. */
export class ControlClient {
  readonly #socket: Socket;
  readonly #answers: AsyncIterator<string>;

  private constructor(socket: Socket) {
    this.#socket = socket;
    // who asks is told; between two requests there is nobody to tell
    socket.on('error', () => {});
    this.#answers = lines(socket);
  }

  /** @throws the system's error when nothing listens at `path` */
  static async connect(path: string): Promise<ControlClient> {
    const socket = connect(path);
    await once(socket, 'connect');
    return new ControlClient(socket);
  }

  async status(): Promise<NodeStatus> {
    return (await this.#request({ command: 'status' }, ANSWER_TIME)) as NodeStatus;
  }

  /** As many connections as asked for, in as many pages as it takes. */
  async connections(offset: number, limit: number): Promise<ConnectionPage> {
    const connections: ConnectionStatus[] = [];
    for (;;) {
      const page = (await this.#request(
        {
          command: 'connections',
          offset: offset + connections.length,
          limit: Math.min(limit - connections.length, MAX_PAGE),
        },
        ANSWER_TIME,
      )) as ConnectionPage;
      connections.push(...page.connections);
      if (page.connections.length === 0 || connections.length >= limit) {
        return { ...page, offset, connections };
      }
    }
  }

  /** Takes as long as the node does, if it answers at all. */
  async reload(graceful: boolean): Promise<ReloadNote | null> {
    await this.#probe();
    return (await this.#request({ command: 'reload', graceful })) as ReloadNote | null;
  }

  /** As {@link reload}. */
  async stop(graceful: boolean): Promise<void> {
    await this.#probe();
    await this.#request({ command: 'stop', graceful });
  }

  close(): void {
    this.#socket.destroy();
  }

  /** Finds out whether anybody is listening who can still answer. */
  async #probe(): Promise<void> {
    // what the answer says does not matter, and a node that is starting refuses it
    const line = await this.#exchange({ command: 'status' }, ANSWER_TIME);
    if (line === undefined) throw new HungUpError();
  }

  async #request(request: ControlRequest, time?: number): Promise<unknown> {
    const line = await this.#exchange(request, time);
    if (line === undefined) throw new HungUpError();
    return readAnswer(line);
  }

  /** @returns undefined when the node ends the connection instead */
  async #exchange(request: ControlRequest, time?: number): Promise<string | undefined> {
    let timer: NodeJS.Timeout | undefined;
    if (time !== undefined) timer = setTimeout(() => this.#socket.destroy(noAnswer()), time);
    try {
      this.#socket.write(`${JSON.stringify(request)}\n`);
      const { value, done } = await this.#answers.next();
      return done ? undefined : value;
    } catch (error) {
      if (error instanceof GatewayError) throw error;
      return undefined;
    } finally {
      clearTimeout(timer);
    }
  }
}

async function* lines(socket: Socket): AsyncGenerator<string> {
  const reader = new LineReader({ limit: MAX_ANSWER, source: 'the control socket', code: 'GW_CONTROL' });
  for await (const chunk of socket as AsyncIterable<Buffer>) yield* reader.push(chunk);
}

function noAnswer(): GatewayError {
  return new GatewayError(
    'GW_TIMEOUT',
    `The node has not answered on its control socket for ${ANSWER_TIME / 1000} seconds: it is stuck, or the machine is overloaded. If it stays so, end its process with kill -9.`,
  );
}
