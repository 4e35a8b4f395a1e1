import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import sirv from 'sirv';

/**
 * Serves the files of a folder, which may change at any time, and may not exist. `next` is called where there is none.
 *
 * `sirv` finds them and knows their types. It is made for trusted hands, though, so what could hurt is kept from it:
 * it serves dot files when it looks at the disk, throws at a range that makes no sense, and neither hears a file's
 * read error nor closes the file when the client hangs up.
 */
export function staticFiles(root: string) {
  const serve = sirv(root, { dev: true, etag: true, setHeaders });
  return (request: IncomingMessage, response: ServerResponse, next: () => void): void => {
    if (HIDDEN.test(decoded(request.url ?? '/'))) return next();
    if (!isRange(request.headers.range)) delete request.headers.range;
    response.once('pipe', watchFile);
    try {
      serve(request, response, next);
    } catch {
      // the file went away between two looks at it
      if (response.headersSent) response.destroy();
      else next();
    }
  };
}

function setHeaders(response: ServerResponse): void {
  response.setHeader('X-Content-Type-Options', 'nosniff');
}

/** A path with a name that begins with a dot: `.env`, `.git`, `..`, but not `.well-known`. */
const HIDDEN = /[\\/]\.(?!well-known(?:[\\/?]|$))/;

/** As `sirv` reads it. */
function decoded(url: string): string {
  try {
    return decodeURI(url);
  } catch {
    return url;
  }
}

/** RFC 9110, 14.2: a range that is malformed is ignored, and so may be one that is not understood. */
function isRange(range: string | undefined): boolean {
  const parts = /^bytes=(\d{1,15})-(\d{1,15})?$/.exec(range ?? '');
  return parts !== null && (parts[2] === undefined || Number(parts[1]) <= Number(parts[2]));
}

/** `file` was piped into the response. */
function watchFile(this: ServerResponse, file: Readable): void {
  file.once('error', (error) => this.destroy(error));
  this.once('close', () => file.destroy());
}
