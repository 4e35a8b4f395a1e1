import { type Socket, connect } from 'node:net';
import type { Target } from './orders.js';

const HEAD_END = '\r\n\r\n';

/** A connection that asks for the same over and over, on a raw TCP socket, and looks at every answer. */
export class HttpConnection {
  readonly #request: Buffer;
  readonly #body: string;
  readonly #socket: Socket;
  readonly #onAnswer: () => void;
  readonly #onError: (error: Error) => void;
  readonly #number: number;
  /** What has come of an answer. */
  #answer = '';
  #closing = false;

  /** @param number tells it from the others, in what it asks for as well */
  constructor(
    target: Target,
    number: number,
    onOpen: () => void,
    onAnswer: () => void,
    onError: (error: Error) => void,
  ) {
    const port = target.ports[number % target.ports.length];
    this.#request = Buffer.from(
      `GET /hello?name=${number} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUser-Agent: bench\r\nAccept: */*\r\n\r\n`,
    );
    this.#body = JSON.stringify({ hello: String(number) });
    this.#number = number;
    this.#onAnswer = onAnswer;
    this.#onError = onError;
    this.#socket = connect(port, '127.0.0.1', onOpen);
    this.#socket.setNoDelay();
    this.#socket.on('data', (chunk) => this.#read(chunk.toString('latin1')));
    this.#socket.on('error', (error) => this.#fail(error));
    this.#socket.on('close', () => this.#fail(new Error('the server closed the connection')));
  }

  /** Asks once more: the last answer has come. */
  ask(): void {
    this.#socket.write(this.#request);
  }

  destroy(): void {
    this.#closing = true;
    this.#socket.destroy();
  }

  #read(text: string): void {
    const answer = this.#answer + text;
    const end = answer.indexOf(HEAD_END);
    const length = end < 0 ? undefined : end + HEAD_END.length + this.#body.length;
    if (length === undefined || answer.length < length) {
      this.#answer = answer;
      return;
    }
    this.#answer = '';
    if (!answer.startsWith('HTTP/1.1 200 ') || !answer.endsWith(this.#body) || answer.length > length) {
      this.#fail(new Error(`a request is answered by: ${answer}`));
      return;
    }
    this.#onAnswer();
  }

  #fail(error: Error): void {
    if (this.#closing) return;
    this.destroy();
    this.#onError(new Error(`client ${this.#number}: ${error.message}`, { cause: error }));
  }
}
