import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { GatewayError } from '../../base/errors.js';
import { LineReader } from '../../net/line-reader.js';
import type { Logger } from '../../base/log.js';
import { prepareStateFolder } from '../../base/state-folder.js';
import { type Answer, failure } from '../requests/answer.js';
import type { Answerer } from '../requests/requests.js';
import { MAX_REQUEST, parseRequest } from './control-protocol.js';

const MAX_CONNECTIONS = 64;
/** Milliseconds that a peer may be silent, and that it may take to read its last answer. */
const IDLE_TIME = 60_000;
const FAREWELL_TIME = 1000;
/** So that nobody but the owner can connect. */
const UMASK = 0o177;

const onWindows = process.platform === 'win32';

/** The control socket of this process: answers its owner's commands. */
export class ControlServer {
  readonly path: string;
  readonly #node: Answerer;
  readonly #log: Logger;
  readonly #server: Server;
  readonly #conversations = new Set<Conversation>();

  private constructor(path: string, node: Answerer, log: Logger) {
    this.path = path;
    this.#node = node;
    this.#log = log;
    this.#server = createServer((socket) => this.#accept(socket));
    this.#server.maxConnections = MAX_CONNECTIONS;
  }

  /**
   * Listens at a path that is this process's own: what lies there is a leftover.
   *
   * @throws GW_CONTROL
   */
  static async listen(path: string, node: Answerer, log: Logger): Promise<ControlServer> {
    const control = new ControlServer(path, node, log);
    try {
      await control.#listen();
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      throw new GatewayError(
        'GW_CONTROL',
        `The control socket ${path} cannot be created (${code ?? message}). Make its folder writable for the user that runs the node, or name another with stateDir.`,
        { cause: error },
      );
    }
    return control;
  }

  /** Removes the socket. May be called while the process exits. */
  unlink(): void {
    if (!onWindows) rmSync(this.path, { force: true });
  }

  /** Takes no more requests and resolves when those under way are answered, or soon after. */
  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const conversation of this.#conversations) conversation.end();
    const late = setTimeout(() => {
      for (const conversation of this.#conversations) conversation.destroy();
    }, FAREWELL_TIME);
    await closed;
    clearTimeout(late);
    this.unlink();
  }

  async #listen(): Promise<void> {
    if (!onWindows) {
      await prepareStateFolder(dirname(this.path));
      this.unlink();
    }
    // The mode must be right from the first moment, and listen() creates the socket before it returns.
    const umask = process.umask(UMASK);
    try {
      this.#server.listen({ path: this.path, exclusive: true });
    } finally {
      process.umask(umask);
    }
    await once(this.#server, 'listening');
    this.#server.on('error', (error) => this.#log.warn({ err: error }, 'the control socket failed'));
  }

  #accept(socket: Socket): void {
    const conversation = new Conversation(socket, async (line) => await this.#answer(line));
    this.#conversations.add(conversation);
    socket.once('close', () => this.#conversations.delete(conversation));
  }

  async #answer(line: string): Promise<Answer> {
    try {
      return { ok: true, result: await this.#node.answer(parseRequest(line)) };
    } catch (error) {
      if (!(error instanceof GatewayError)) this.#log.error({ err: error }, 'a control command failed');
      return failure(error);
    }
  }
}

/** A connection: one request after the other, and nothing is read while one is under way. */
class Conversation {
  readonly #socket: Socket;
  readonly #answer: (line: string) => Promise<Answer>;
  readonly #lines = new LineReader({ limit: MAX_REQUEST, source: 'the control socket', code: 'GW_CONTROL' });
  /** Whether a request is under way. */
  #answering = false;
  #ending = false;

  constructor(socket: Socket, answer: (line: string) => Promise<Answer>) {
    this.#socket = socket;
    this.#answer = answer;
    // also after the conversation, when nothing else would hear of them any more
    socket.on('error', () => {});
    socket.setTimeout(IDLE_TIME, () => {
      if (!this.#answering) socket.destroy();
    });
    this.#converse().then(
      () => socket.end(),
      // a peer that goes away ends its conversation, and no more
      () => socket.destroy(),
    );
  }

  /** After the answer that is under way. */
  end(): void {
    if (!this.#answering) this.#socket.end();
    this.#ending = true;
  }

  destroy(): void {
    this.#socket.destroy();
  }

  async #converse(): Promise<void> {
    for await (const chunk of this.#socket as AsyncIterable<Buffer>) {
      let lines: string[];
      try {
        lines = this.#lines.push(chunk);
      } catch (error) {
        await this.#write(failure(error));
        return;
      }
      for (const line of lines) {
        this.#answering = true;
        const answer = await this.#answer(line);
        this.#answering = false;
        await this.#write(answer);
        if (this.#ending) return;
      }
    }
  }

  /** Resolves when the answer is with the operating system. */
  async #write(answer: Answer): Promise<void> {
    const text = `${JSON.stringify(answer)}\n`;
    await new Promise<void>((resolve, reject) => {
      this.#socket.write(text, (error) => (error ? reject(error) : resolve()));
    });
  }
}
