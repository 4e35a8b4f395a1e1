import type { Socket } from 'node:net';
import { LineReader } from '../../net/line-reader.js';
import { type Answer, failure } from '../requests/answer.js';
import { MAX_REQUEST } from './control-protocol.js';

/** Milliseconds that a peer may be silent. */
const IDLE_TIME = 60_000;

/** A connection to a control socket: one request after the other, and nothing is read while one is under way. */
export class ControlConversation {
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
