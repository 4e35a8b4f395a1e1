import type { IncomingMessage, ServerResponse } from 'node:http';
import { plainAddress } from '../net/address.js';
import { Refusal } from './refusal.js';

/** Bytes of the largest body that is read. Beyond what a message of `maxPackageSize` would need, push in parts. */
const MAX_BODY = 4 * 1024 * 1024;

/** What every answer says: it is nobody else's, in no cache, in no frame, and no script comes with it. */
const HEADERS: Readonly<Record<string, string>> = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
};

/** One request to the admin listener, and its answer. */
export class Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** As `GET`; a HEAD is a GET whose body is left out. */
  readonly method: string;
  /** As it came, up to the question mark: nothing in it is decoded. */
  readonly path: string;
  /** What is behind the path: empty, or from the question mark on. */
  readonly #search: string;
  #body: Buffer | undefined;

  constructor(request: IncomingMessage, response: ServerResponse) {
    const { method = '', url = '' } = request;
    const end = url.indexOf('?');
    this.request = request;
    this.response = response;
    this.method = method === 'HEAD' ? 'GET' : method;
    this.path = end < 0 ? url : url.slice(0, end);
    this.#search = end < 0 ? '' : url.slice(end);
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
  }

  get query(): URLSearchParams {
    return new URLSearchParams(this.#search);
  }

  get address(): string {
    return plainAddress(this.request.socket.remoteAddress);
  }

  /** The body, of {@link MAX_BODY} bytes at most. @throws Refusal */
  async body(): Promise<Buffer> {
    this.#body ??= await this.#read();
    return this.#body;
  }

  /** The body as JSON, {} when it is empty. @throws Refusal */
  async json(): Promise<unknown> {
    const bytes = await this.body();
    if (bytes.length === 0) return {};
    let text: string;
    try {
      text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    } catch {
      throw new Refusal(400, 'The body is no UTF-8; expected JSON, and bytes as {"base64":"…"} within it.');
    }
    try {
      return JSON.parse(text);
    } catch (cause) {
      throw new Refusal(400, `The body is no JSON: ${(cause as Error).message}.`);
    }
  }

  header(name: string): string | undefined {
    return this.request.headersDistinct[name]?.[0];
  }

  sendJson(status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): void {
    this.send(status, `${JSON.stringify(value)}\n`, { 'Content-Type': 'application/json', ...headers });
  }

  send(status: number, body: string | Uint8Array, headers: Readonly<Record<string, string>>): void {
    const { request, response } = this;
    if (response.headersSent || response.destroyed) return;
    // whose body was not read, its rest would be taken for the next request
    if (!request.complete) response.setHeader('Connection', 'close');
    response.writeHead(status, { ...headers, 'Content-Length': Buffer.byteLength(body) });
    response.end(request.method === 'HEAD' ? undefined : body);
  }

  async #read(): Promise<Buffer> {
    const { request } = this;
    if (Number(request.headers['content-length'] ?? 0) > MAX_BODY) throw tooLarge();
    const chunks: Buffer[] = [];
    let size = 0;
    // whoever sends too much is still answered
    const body: AsyncIterable<Buffer> = request.iterator({ destroyOnReturn: false });
    for await (const chunk of body) {
      size += chunk.length;
      if (size > MAX_BODY) throw tooLarge();
      chunks.push(chunk);
    }
    return Buffer.concat(chunks, size);
  }
}

function tooLarge(): Refusal {
  return new Refusal(413, `The body is larger than ${MAX_BODY} bytes: send it in parts.`);
}
