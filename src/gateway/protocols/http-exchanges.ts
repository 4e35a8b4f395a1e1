import type { IncomingMessage, ServerResponse } from 'node:http';
import { type WebAnswer, encodeRequestHead } from '../../wire/web-request.js';
import type { HeaderFields } from '../../wire/handshake-answer.js';
import type { ListenerContext } from './listener-context.js';
import type { HttpExchange } from './protocol.js';
import type { Sender } from './sender.js';

/** Requests that a listener has for the application at a time, and bytes of their bodies that it keeps: they come from anybody. */
const MOST_REQUESTS = 1_000;
const MOST_BYTES = 64 * 1024 * 1024;

const EMPTY = Buffer.alloc(0);

/** What is about the connection, or how the answer is framed: ours to write. */
const OURS =
  /^(?:connection|content-length|keep-alive|proxy-connection|te|trailer|transfer-encoding|upgrade)$/i;

/** Answers with a word of its own. */
type Say = (response: ServerResponse, status: number, text: string) => void;

/** The plain HTTP requests of a listener that the application answers. */
export class HttpExchanges {
  readonly #context: ListenerContext;
  readonly #say: Say;
  #count = 0;
  #bytes = 0;

  constructor(context: ListenerContext, say: Say) {
    this.#context = context;
    this.#say = say;
  }

  /** Reads a request, and has the host answer it. @param target in its origin form */
  take(request: IncomingMessage, response: ServerResponse, target: string): void {
    // who is gone would never be counted out
    if (response.destroyed) return;
    const { host, maxPackageSize } = this.#context;
    if (!target.startsWith('/')) {
      this.#say(response, 400, 'Expected the path of something: it begins with a slash.');
      return;
    }
    if (this.#count >= MOST_REQUESTS) {
      this.#overloaded(request, response);
      return;
    }
    const exchange = new Exchange(
      this.#context,
      request,
      response,
      target,
      (bytes) => (this.#bytes -= bytes),
    );
    this.#count++;
    response.once('close', () => {
      this.#count--;
      exchange.takeBody();
      host.hungUp(exchange);
    });
    // such a body means nothing (RFC 9110, 9.3.1), and the web's Request cannot have one
    if (request.method === 'GET' || request.method === 'HEAD') {
      host.asked(exchange);
      return;
    }
    const tooLong = (): void => {
      exchange.takeBody();
      // what is left of it is read and thrown away, as long as a request may take
      request.removeAllListeners('data').removeAllListeners('end').resume();
      this.#say(response, 413, `Expected a body of at most ${maxPackageSize} bytes (maxPackageSize).`);
    };
    if (Number(request.headers['content-length'] ?? 0) > maxPackageSize) {
      tooLong();
      return;
    }
    request.on('data', (chunk: Buffer) => {
      if (exchange.length + chunk.length > maxPackageSize) {
        tooLong();
      } else if (this.#bytes + chunk.length > Math.max(MOST_BYTES, maxPackageSize)) {
        exchange.takeBody();
        request.removeAllListeners('data').removeAllListeners('end').resume();
        this.#overloaded(request, response);
      } else {
        this.#bytes += chunk.length;
        exchange.add(chunk);
      }
    });
    request.on('end', () => host.asked(exchange));
  }

  #overloaded({ socket, headers }: IncomingMessage, response: ServerResponse): void {
    const { address } = this.#context.senderOf(socket, headers);
    response.setHeader('Retry-After', '1');
    this.#say(response, 503, 'Too many requests wait here: try again.');
    this.#context.host.refused(
      'http overload',
      address,
      `HTTP requests are answered 503: ${MOST_REQUESTS} of ${this.#context.url} wait for onRequest, or ${MOST_BYTES} bytes of their bodies.`,
    );
  }
}

/** A request, and where its answer goes. */
class Exchange implements HttpExchange {
  readonly listener: ListenerContext;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly url: string;
  readonly head: string;
  id = 0;
  readonly #response: ServerResponse;
  readonly #onTaken: (bytes: number) => void;
  #chunks: Buffer[] = [];
  #length = 0;

  /** @param onTaken so many bytes of its body are kept no longer */
  constructor(
    listener: ListenerContext,
    request: IncomingMessage,
    response: ServerResponse,
    target: string,
    onTaken: (bytes: number) => void,
  ) {
    const sender = listener.senderOf(request.socket, request.headers);
    this.listener = listener;
    this.remoteAddress = sender.address;
    this.remotePort = sender.port;
    this.url = target;
    this.head = encodeRequestHead({
      method: request.method ?? 'GET',
      url: urlOf(request, listener, sender, target),
      headers: pairs(request.rawHeaders),
      remoteAddress: sender.address,
      mostBytes: listener.maxPackageSize,
    });
    this.#response = response;
    this.#onTaken = onTaken;
  }

  /** Bytes of its body that have come. */
  get length(): number {
    return this.#length;
  }

  add(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
  }

  takeBody(): Buffer {
    if (this.#length === 0) return EMPTY;
    const body = this.#chunks.length === 1 ? this.#chunks[0] : Buffer.concat(this.#chunks, this.#length);
    this.#onTaken(this.#length);
    this.#chunks = [];
    this.#length = 0;
    return body;
  }

  answer({ status, text, headers, body }: WebAnswer): void {
    const response = this.#response;
    if (response.destroyed || response.headersSent) return;
    const lines: string[] = [];
    const hasBody = status !== 204 && status !== 304;
    const isHead = response.req.method === 'HEAD';
    for (const [name, value] of headers) {
      // what a GET would have, only the application knows, unless its answer has a body
      const isLength = isHead && body.length === 0 && name.toLowerCase() === 'content-length';
      if (isLength || !OURS.test(name)) lines.push(name, value);
    }
    if (hasBody && !(isHead && body.length === 0)) lines.push('Content-Length', String(body.length));
    try {
      if (text === '') response.writeHead(status, lines);
      else response.writeHead(status, text, lines);
    } catch (error) {
      this.#unsendable(error as Error);
      return;
    }
    response.end(hasBody ? body : undefined);
  }

  /** A worker of another version does not look at what this one sends. */
  #unsendable({ message }: Error): void {
    this.listener.host.refused(
      'http answer',
      this.remoteAddress,
      `onRequest has answered what HTTP cannot: ${message}`,
    );
    const body = 'Internal Server Error\n';
    const type = 'text/plain; charset=utf-8';
    this.#response.writeHead(500, 'Internal Server Error', {
      'Content-Type': type,
      'Content-Length': body.length,
    });
    this.#response.end(body);
  }
}

/** What the client has asked for, as it sees it. One of HTTP 1.0 need not say a host. */
function urlOf(
  { headers }: IncomingMessage,
  listener: ListenerContext,
  { secure }: Sender,
  target: string,
): string {
  const host =
    headers.host === undefined || headers.host === '' ? `localhost:${listener.port}` : headers.host;
  return `${secure ? 'https' : 'http'}://${host}${target}`;
}

function pairs(raw: readonly string[]): HeaderFields {
  const fields: [string, string][] = [];
  for (let index = 0; index < raw.length; index += 2) fields.push([raw[index], raw[index + 1]]);
  return fields;
}
