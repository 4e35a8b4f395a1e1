import { createReadStream } from 'node:fs';
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { extname } from 'node:path';
import { mimes } from 'mrmime';
import { mayResume, statusOf, type Validators } from './http-conditions.js';
import { type ByteRange, rangeIn } from './http-range.js';
import { namesIn, splitTarget } from './http-target.js';
import { findFile, type FoundFile } from './static-folder.js';

/** What goes on beside the files themselves. */
export interface StaticSite {
  /** Answers with a word instead of a file. */
  say(response: ServerResponse, status: number, text: string): void;
  /** There is no such file. */
  missing(request: IncomingMessage, response: ServerResponse, target: string): void;
  /** A file is there and cannot be read. */
  failed(error: NodeJS.ErrnoException): void;
}

/** What a file that is there and cannot be opened is answered with; 500 in all other cases. */
const OPEN_ERRORS: Partial<Record<string, number>> = { EACCES: 403, EPERM: 403, EMFILE: 503, ENFILE: 503 };

/** Serves the files of a folder to GET and HEAD, as RFC 9110 has it, in one part. */
export class StaticFiles {
  readonly #root: string;
  readonly #site: StaticSite;

  constructor(root: string, site: StaticSite) {
    this.#root = root;
    this.#site = site;
  }

  /** Never rejects. @param target in its origin form */
  async answer(request: IncomingMessage, response: ServerResponse, target: string): Promise<void> {
    try {
      await this.#answer(request, response, target);
    } catch (cause) {
      const error: NodeJS.ErrnoException = cause instanceof Error ? cause : new Error(String(cause));
      this.#site.failed(error);
      if (response.headersSent) response.destroy();
      else {
        const status = OPEN_ERRORS[error.code ?? ''] ?? 500;
        this.#site.say(response, status, 'This file cannot be read at the moment.');
      }
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse, target: string): Promise<void> {
    const { path, query } = splitTarget(target);
    const names = namesIn(path);
    const file = names === undefined ? undefined : await findFile(this.#root, names);
    const missing = (): void => this.#site.missing(request, response, target);
    if (names === undefined || file === undefined) return missing();
    const isFolder = path.endsWith('/');
    if (file.isIndex !== isFolder) {
      await file.handle.close();
      if (isFolder) return missing();
      // its relative links mean something else without the slash. From the names, so that it cannot lead to another host.
      response.setHeader('Location', `/${names.map(encodeURIComponent).join('/')}/${query}`);
      response.setHeader('Cache-Control', 'no-cache');
      return this.#site.say(response, 301, 'This is a folder: its name ends with a slash.');
    }
    const part = head(request, response, file);
    // a file that is opened for somebody who is gone would stay open: their answer has been closed
    if (part === undefined || response.destroyed) await file.handle.close();
    else this.#send(response, file, part);
    if (part === undefined) response.end();
  }

  #send(response: ServerResponse, { handle }: FoundFile, { start, end }: ByteRange): void {
    const stream = createReadStream('', { fd: handle, start, end });
    response.once('close', () => stream.destroy());
    stream.once('error', (error) => {
      this.#site.failed(error);
      response.destroy();
    });
    stream.once('end', () => {
      // a file that became shorter: only an end of the connection says that something is missing
      if (stream.bytesRead === end - start + 1) response.end();
      else response.destroy();
    });
    stream.pipe(response, { end: false });
  }
}

/** Writes the head of an answer. Returns what to send behind it: undefined for nothing. */
function head(request: IncomingMessage, response: ServerResponse, file: FoundFile): ByteRange | undefined {
  const { size } = file;
  const validators = validatorsOf(file);
  const { etag, lastModified } = validators;
  const status = statusOf(request, validators);
  // a file may change at any time: a copy may be kept, and is good for as long as we say so
  const headers: OutgoingHttpHeaders = { ETag: etag, 'Cache-Control': 'no-cache' };
  if (status !== 200) {
    if (status === 412) headers['Content-Length'] = 0;
    response.writeHead(status, headers);
    return undefined;
  }
  headers['Accept-Ranges'] = 'bytes';
  headers['Last-Modified'] = new Date(lastModified).toUTCString();
  const isGet = request.method === 'GET';
  // RFC 9110, 14.2: only a GET has ranges
  const range = isGet && mayResume(request, validators) ? rangeIn(request.headers.range, size) : undefined;
  if (range === 'unsatisfiable') {
    response.writeHead(416, { ...headers, 'Content-Range': `bytes */${size}`, 'Content-Length': 0 });
    return undefined;
  }
  const part = range ?? { start: 0, end: size - 1 };
  headers['Content-Type'] = contentType(file.name);
  headers['X-Content-Type-Options'] = 'nosniff';
  headers['Content-Length'] = part.end - part.start + 1;
  if (range !== undefined) headers['Content-Range'] = `bytes ${range.start}-${range.end}/${size}`;
  response.writeHead(range === undefined ? 200 : 206, headers);
  return isGet && size > 0 ? part : undefined;
}

/** What has the time it was written set back, or comes from a package, where that is the same for all, has changed still. */
function validatorsOf({ size, modified, changed }: FoundFile): Validators {
  const etag = `"${[BigInt(size), modified, changed].map((part) => part.toString(36)).join('-')}"`;
  // not after the Date of the answer: RFC 9110, 8.8.2.1
  const milliseconds = Math.min(Number(modified / 1_000_000n), Date.now());
  return { etag, lastModified: Math.floor(milliseconds / 1_000) * 1_000 };
}

/** Text is taken for UTF-8. What nobody knows is bytes. */
function contentType(name: string): string {
  const extension = extname(name).slice(1).toLowerCase();
  const type = Object.hasOwn(mimes, extension) ? mimes[extension] : 'application/octet-stream';
  return type.startsWith('text/') ? `${type};charset=utf-8` : type;
}
