import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request as httpRequest, type OutgoingHttpHeaders } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { text } from 'node:stream/consumers';
import type { AdminLink } from '#src/ops/requests/admin.js';

/** What an admin listener answers. */
export interface AdminAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
  /** The body, where it is JSON. */
  readonly json: {
    readonly result?: unknown;
    readonly error?: { readonly code: string; readonly message: string };
    readonly partial?: unknown;
    readonly missing?: readonly string[];
    readonly status?: string;
    readonly reasons?: readonly string[];
  };
}

export interface AdminRequest {
  readonly method?: string;
  readonly headers?: OutgoingHttpHeaders;
  /** A string or bytes as they are, and all else as JSON. */
  readonly body?: unknown;
  /** Of the authority that signed the listener's certificate, PEM. */
  readonly ca?: Buffer;
}

/** Whoever asks an admin listener: with its token, or, by {@link bare}, as anybody may. */
export class AdminClient {
  readonly url: string;
  readonly token: string;

  constructor({ url, link }: Pick<AdminLink, 'url' | 'link'>) {
    this.url = url;
    this.token = decodeURIComponent(link.replace(/^.*#token=/, ''));
  }

  async get(path: string, options: AdminRequest = {}): Promise<AdminAnswer> {
    return await this.bare(path, this.#known(options));
  }

  /** Posts, by default an empty object. */
  async post(path: string, body: unknown = {}, options: AdminRequest = {}): Promise<AdminAnswer> {
    return await this.bare(path, this.#known({ method: 'POST', body, ...options }));
  }

  /** The result of a call. */
  async result(path: string, body?: unknown): Promise<unknown> {
    const { status, json } = await this.post(path, body);
    assert.equal(status, 200, JSON.stringify(json));
    return json.result;
  }

  async bare(
    path: string,
    { method = 'GET', headers = {}, body, ca }: AdminRequest = {},
  ): Promise<AdminAnswer> {
    const { hostname, port, protocol } = new URL(this.url);
    const bytes =
      body === undefined || typeof body === 'string' || body instanceof Uint8Array
        ? body
        : JSON.stringify(body);
    const options = {
      host: hostname.replace(/^\[(.*)\]$/, '$1'),
      port,
      path,
      method,
      headers: { ...(bytes !== undefined && { 'Content-Length': Buffer.byteLength(bytes) }), ...headers },
      agent: false,
    };
    const sent = protocol === 'https:' ? httpsRequest({ ...options, ca }) : httpRequest(options);
    sent.end(bytes);
    const [response] = await once(sent, 'response');
    const answer = await text(response);
    const isJson = response.headers['content-type'] === 'application/json';
    return {
      status: response.statusCode,
      headers: response.headers,
      body: answer,
      json: isJson && answer !== '' ? JSON.parse(answer) : {},
    };
  }

  #known(options: AdminRequest): AdminRequest {
    return { ...options, headers: { Authorization: `Bearer ${this.token}`, ...options.headers } };
  }
}
