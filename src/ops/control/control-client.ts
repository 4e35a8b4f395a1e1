import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { GatewayError } from '../../base/errors.js';
import { LineReader } from '../../net/line-reader.js';
import {
  type NodeRequest,
  type RequestName,
  type RequestOf,
  requests,
  type ResultOf,
} from '../requests/requests.js';
import { MAX_ANSWER, readAnswer } from './control-protocol.js';

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

  /**
   * A request that changes something takes as long as the node does, if that answers at all.
   *
   * @throws the error that the node answers with; GW_TIMEOUT when it is stuck; {@link HungUpError}
   */
  async ask<Name extends RequestName>(request: RequestOf<Name>): Promise<ResultOf<Name>> {
    const { changes } = requests[request.command];
    if (changes) await this.#probe();
    const line = await this.#exchange(request as NodeRequest, changes ? undefined : ANSWER_TIME);
    return readAnswer(line) as ResultOf<Name>;
  }

  close(): void {
    this.#socket.destroy();
  }

  /** Finds out whether there is anybody who can still answer. */
  async #probe(): Promise<void> {
    // what the answer says does not matter, and a node that is starting refuses it
    await this.#exchange({ command: 'status' }, ANSWER_TIME);
  }

  /** @returns the line that the node answers */
  async #exchange(request: NodeRequest, time?: number): Promise<string> {
    let line: string | undefined;
    let timer: NodeJS.Timeout | undefined;
    if (time !== undefined) timer = setTimeout(() => this.#socket.destroy(noAnswer()), time);
    try {
      this.#socket.write(`${JSON.stringify(request)}\n`);
      ({ value: line } = await this.#answers.next());
    } catch (error) {
      if (error instanceof GatewayError) throw error;
    } finally {
      clearTimeout(timer);
    }
    if (line === undefined) throw new HungUpError();
    return line;
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
