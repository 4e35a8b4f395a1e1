import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { rawAnswer, unanswered } from './http-answer.js';
import type { ListenerContext } from './listener-context.js';
import { CLOSE_TIMEOUT } from './timeouts.js';
import { reportTlsFailure } from './tls-failure.js';

/** What a request that node's parser gives up is answered with, by its error code; 400 in all other cases. */
const REFUSALS: Partial<Record<string, number>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 408,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  HPE_HEADER_OVERFLOW: 431,
  HPE_INVALID_VERSION: 505,
  HPE_PAUSED_H2_UPGRADE: 505,
};

/** Ends connections on which something came that is no request: no HTTP or no TLS, or too long, or too late. */
export class HttpRefusals {
  readonly #context: ListenerContext;
  /** Connections that get their last answer. */
  readonly #ending = new WeakSet<Duplex>();

  constructor(context: ListenerContext) {
    this.#context = context;
  }

  /** What is no HTTP, or TLS, or is too long. A connection that was reset, or waited too long with its request, is nothing to report. */
  refuse(error: NodeJS.ErrnoException, socket: Duplex): void {
    if (this.#ending.has(socket)) return; // the parser does not get over it
    const { code = '', message } = error;
    const malformed = code.startsWith('HPE_');
    const status = REFUSALS[code] ?? 400;
    const text =
      status === 431 ? `More than ${this.#context.maxHeaderSize} bytes of headers (maxHeaderSize).` : message;
    if (malformed) {
      const from = socket instanceof Socket ? this.#context.senderOf(socket).address : '';
      this.#context.host.refused(`http ${status}`, from, text);
    } else if (socket instanceof TLSSocket) reportTlsFailure(this.#context, error, socket);
    // one that never said anything, as browsers keep for later, is not told that it was too late
    const asked = malformed || (status === 408 && socket instanceof Socket && socket.bytesRead > 0);
    if (asked && socket.writable) this.#endWith(socket, status, text);
    else socket.destroy();
  }

  /**
   * Answers that are on their way go out first: what is behind them has no place in their stream. A request whose own body has
   * failed has no answer under way, but this one.
   */
  #endWith(socket: Duplex, status: number, text: string): void {
    this.#ending.add(socket);
    socket.removeAllListeners('data');
    const pending = unanswered(socket);
    const last = pending.at(-1);
    const failed = last !== undefined && !last.req.complete && !last.headersSent ? last : undefined;
    const before = failed === undefined ? last : pending.at(-2);
    if (before === undefined) {
      this.#end(socket, rawAnswer(status, text));
      return;
    }
    socket.pause();
    before.once('close', () => this.#end(socket, ''));
  }

  /** What else comes is thrown away, since bytes that nobody reads would make the system take our answer back. */
  #end(socket: Duplex, bytes: string): void {
    socket.on('data', () => {});
    socket.resume();
    const timer = this.#context.clock.setTimeout(() => socket.destroy(), CLOSE_TIMEOUT);
    socket.once('close', () => timer.cancel());
    socket.end(bytes);
  }
}
