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
    const path = pathOf(request.url ?? '/');
    const name = decoded(path);
    if (name === undefined || HIDDEN.test(name)) return next();
    request.url = path; // `sirv` cannot see another name in it than we did
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
const HIDDEN = /[\\/]\.(?!well-known(?:[\\/]|$))/;

/** Without query and fragment, neither of which it can begin with: as `sirv` cuts it. */
function pathOf(url: string): string {
  const end = url.slice(1).search(/[?#]/);
  return end < 0 ? url : url.slice(0, end + 1);
}

/** As `sirv` reads it, which takes what cannot be decoded as it is: no file has such a name. */
function decoded(path: string): string | undefined {
  try {
    return decodeURI(path);
  } catch {
    return undefined;
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
