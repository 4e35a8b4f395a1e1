import { once } from 'node:events';
import { type Socket, connect } from 'node:net';
import { createInterface } from 'node:readline';
import { Inbox } from './inbox.js';

/** A client of the text protocol, as `nc` is one: lines, awaited one by one. */
export class TextClient {
  readonly socket: Socket;
  readonly closed: Promise<unknown>;
  readonly #lines = new Inbox<string>('a text client');

  private constructor(socket: Socket) {
    this.socket = socket;
    createInterface({ input: socket }).on('line', (line) => this.#lines.put(line));
    socket.on('error', () => {});
    this.closed = new Promise((resolve) => {
      socket.on('close', () => {
        this.#lines.end(new Error('The connection was closed.'));
        resolve(undefined);
      });
    });
  }

  /** @param url `text://127.0.0.1:8283` */
  static async connect(url: string): Promise<TextClient> {
    const socket = connect(Number(new URL(url).port), new URL(url).hostname);
    await once(socket, 'connect');
    return new TextClient(socket);
  }

  send(line: string): void {
    this.socket.write(`${line}\n`);
  }

  next(): Promise<string> {
    return this.#lines.next();
  }

  async close(): Promise<void> {
    this.socket.end();
    await this.closed;
  }
}
