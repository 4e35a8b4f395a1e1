import type { IncomingMessage } from 'node:http';

/** What begins the absolute form of a request's target, which proxies send, and which a server has to take (RFC 9112, 3.2.2). */
const AUTHORITY = /^(?:http|ws)s?:\/\/[^/?#]*/i;

/** A request's path and query, as `/chat?room=1`, in whatever form they came. */
export function originForm(target = '/'): string {
  const rest = target.replace(AUTHORITY, '');
  return rest === target || rest.startsWith('/') ? rest : `/${rest}`;
}

/** The two parts of an origin form; `query` begins with its question mark. No client may send a fragment: it is left out. */
export function splitTarget(target: string): { path: string; query: string } {
  const whole = target.split('#', 1)[0];
  const end = whole.indexOf('?');
  return end < 0 ? { path: whole, query: '' } : { path: whole.slice(0, end), query: whole.slice(end) };
}

/**
 * The names that a path leads through: none for `/`. Empty ones are left out: `//a/` is `/a/`. Undefined when no file
 * can be meant, or none that anybody may see.
 */
export function namesIn(path: string): string[] | undefined {
  if (!path.startsWith('/')) return undefined;
  try {
    const names = path.split('/').flatMap((name) => (name === '' ? [] : decodeURIComponent(name)));
    return names.some((name) => isHidden(name) || NO_NAME.test(name)) ? undefined : names;
  } catch {
    return undefined; // what is no UTF-8
  }
}

/** Of names as they are in the file system: `.env`, `.git`, `..`, but not `.well-known`. */
export function isHidden(name: string): boolean {
  return name.startsWith('.') && name !== '.well-known';
}

/** No part of a name, or on some systems none: a slash that was encoded is not one that parts names. */
const NO_NAME = /[\0/\\]/;

/** RFC 9110, 7.2, and RFC 3986, 3.2: a name or an address, and perhaps a port. It may be empty. */
const HOST = /^(?:\[[\w.:~%-]+\]|[\w.~!$&'()*+,;=%-]*)(?::\d*)?$/;

/** Whether a request says which host it is for, once, as RFC 9112, 3.2 has it: whoever takes another one for it is misled. */
export function hasOneHost({ headersDistinct: { host = [] }, httpVersion }: IncomingMessage): boolean {
  if (host.length === 0) return httpVersion === '1.0';
  return host.length === 1 && HOST.test(host[0]);
}
