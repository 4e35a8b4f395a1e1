import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Exchange } from './exchange.js';
import type { Route } from './route.js';

/** Where the build puts the page's files, beside this one. */
const FOLDER = new URL('page/', import.meta.url);

/**
 * What the page may do: load its own files, and ask the listener that it came from. No script but its own runs, whatever a
 * client is called, and nothing can be made HTML of (Trusted Types).
 */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

/** The admin page. It is the same for everybody, and says nothing of the node: what it shows it asks for, with a token. */
export const pageRoutes: readonly Route[] = [
  page('/', 'index.html', 'text/html; charset=utf-8'),
  page('/main.js', 'main.js', 'text/javascript; charset=utf-8'),
  page('/main.css', 'main.css', 'text/css; charset=utf-8'),
  page('/icon.svg', 'icon.svg', 'image/svg+xml'),
];

interface File {
  readonly body: Buffer;
  readonly tag: string;
}

function page(path: string, name: string, type: string): Route {
  let file: Promise<File> | undefined;
  return {
    method: 'GET',
    path,
    open: true,
    async handle(exchange) {
      file ??= read(name);
      sendFile(exchange, await file, type);
    },
  };
}

async function read(name: string): Promise<File> {
  const body = await readFile(new URL(name, FOLDER));
  return { body, tag: `"${createHash('sha256').update(body).digest('base64url')}"` };
}

function sendFile(exchange: Exchange, { body, tag }: File, type: string): void {
  const headers = {
    ETag: tag,
    // it is asked for anew each time, so that a new version of the node has its own page
    'Cache-Control': 'no-cache',
    'Content-Security-Policy': POLICY,
  };
  const known = exchange.request.headers['if-none-match']?.split(/\s*,\s*/) ?? [];
  if (known.some((one) => one.replace(/^W\//, '') === tag)) exchange.send(304, '', headers);
  else exchange.send(200, body, { ...headers, 'Content-Type': type });
}
