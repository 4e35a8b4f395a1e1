import { once } from 'node:events';
import { WebSocket } from 'ws';

/** Milliseconds that a call may take. */
const LIMIT = 60_000;

interface Answer {
  readonly result?: unknown;
  readonly error?: string;
}

/** The one client that says anything: it has calls of the Gateway API made. One at a time. */
export class Commander {
  readonly #socket: WebSocket;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  static async connect(port: number): Promise<Commander> {
    const socket = new WebSocket(`ws://127.0.0.1:${port}`);
    await once(socket, 'open');
    return new Commander(socket);
  }

  /** @throws what the call was refused with */
  async call(call: string, ...args: unknown[]): Promise<unknown> {
    const answered = this.#answer();
    this.#socket.send(JSON.stringify({ call, args }));
    const { result, error } = await answered;
    if (error !== undefined) throw new Error(`${call}: ${error}`);
    return result;
  }

  close(): void {
    this.#socket.terminate();
  }

  async #answer(): Promise<Answer> {
    return await new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no answer within ${LIMIT / 1000} s`)), LIMIT);
      const look = (data: Buffer): void => {
        const text = data.toString();
        // it is also one of those that everything is sent to
        if (!text.startsWith('{')) return;
        clearTimeout(timer);
        this.#socket.off('message', look);
        resolve(JSON.parse(text) as Answer);
      };
      this.#socket.on('message', look);
    });
  }
}
