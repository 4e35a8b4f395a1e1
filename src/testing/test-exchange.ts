import { Buffer } from 'node:buffer';
import type { ListenerContext } from '../gateway/protocols/listener-context.js';
import type { HttpExchange } from '../gateway/protocols/protocol.js';
import { type WebAnswer, encodeRequestHead } from '../wire/web-request.js';

/** Bytes that an answer may have, as of a listener by default. */
const MOST_BYTES = 10 * 1024 * 1024;

/** A plain HTTP request without a socket. */
export class TestExchange implements HttpExchange {
  readonly listener: ListenerContext;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly url: string;
  readonly head: string;
  id = 0;
  /** Resolves with what a client would get. */
  readonly answered: Promise<Response>;
  readonly #body: Buffer;
  #onAnswer!: (response: Response) => void;

  /** @param body of the request, which has been read */
  constructor(
    listener: ListenerContext,
    { method, url, headers }: Request,
    body: Buffer,
    from: { readonly address: string; readonly port: number },
  ) {
    const { pathname, search } = new URL(url);
    this.listener = listener;
    this.remoteAddress = from.address;
    this.remotePort = from.port;
    this.url = pathname + search;
    const { remoteAddress } = this;
    this.head = encodeRequestHead({
      method,
      url,
      headers: [...headers],
      remoteAddress,
      mostBytes: MOST_BYTES,
    });
    this.#body = body;
    this.answered = new Promise((resolve) => (this.#onAnswer = resolve));
  }

  takeBody(): Buffer {
    return this.#body;
  }

  answer({ status, text: statusText, headers, body }: WebAnswer): void {
    const fields = headers.map(([name, value]): [string, string] => [name, value]);
    // those that have none may not even have an empty one
    const bytes = body.length === 0 ? null : Buffer.from(body);
    this.#onAnswer(new Response(bytes, { status, statusText, headers: fields }));
  }
}
