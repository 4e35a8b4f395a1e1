import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { GatewayError } from '../../base/errors.js';
import type { Logger } from '../../base/log.js';
import { prepareStateFolder } from '../../base/state-folder.js';
import { type Answer, failure } from '../requests/answer.js';
import type { Answerer } from '../requests/requests.js';
import { ControlConversation } from './control-conversation.js';
import { parseRequest } from './control-protocol.js';

const MAX_CONNECTIONS = 64;
/** Milliseconds that a peer may take to read its last answer. */
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
  readonly #conversations = new Set<ControlConversation>();

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
    const conversation = new ControlConversation(socket, async (line) => await this.#answer(line));
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
