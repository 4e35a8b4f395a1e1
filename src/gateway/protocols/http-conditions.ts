import type { IncomingMessage } from 'node:http';
import { parseHttpDate } from './http-date.js';

/** What a client can tell from whether its copy is the one that we would send: RFC 9110, 8.8. */
export interface Validators {
  /** Strong: it differs whenever a byte does. In quotes. */
  readonly etag: string;
  /** Milliseconds since 1970, in whole seconds. */
  readonly lastModified: number;
}

/** RFC 9110, 13.2.2: what a GET or HEAD of something that is there is answered with, after its conditions. */
export function statusOf(request: IncomingMessage, validators: Validators): 200 | 304 | 412 {
  const { etag, lastModified } = validators;
  const match = field(request, 'if-match');
  const noneMatch = field(request, 'if-none-match');
  if (match !== undefined) {
    if (match !== '*' && !tagsIn(match).includes(etag)) return 412;
  } else if (lastModified > dateIn(request, 'if-unmodified-since', Number.POSITIVE_INFINITY)) return 412;
  if (noneMatch !== undefined) {
    // a weak comparison: what is the same byte for byte also means the same
    return noneMatch === '*' || tagsIn(noneMatch).some((tag) => tag.replace(/^W\//, '') === etag) ? 304 : 200;
  }
  return lastModified <= dateIn(request, 'if-modified-since', Number.NEGATIVE_INFINITY) ? 304 : 200;
}

/** RFC 9110, 13.1.5: whether a part may go behind the part that the client has. It is sent the whole otherwise. */
export function mayResume(request: IncomingMessage, { etag, lastModified }: Validators): boolean {
  const condition = field(request, 'if-range');
  if (condition === undefined || condition === etag) return true;
  // a file can change twice within a second: a date says nothing certain before its second is over
  return Date.now() - lastModified >= 1_000 && parseHttpDate(condition) === lastModified;
}

/** A field as one line, all of its lines joined: node drops all but the first of some. */
function field(request: IncomingMessage, name: string): string | undefined {
  return request.headersDistinct[name]?.join(', ');
}

function dateIn(request: IncomingMessage, name: string, otherwise: number): number {
  const text = field(request, name);
  return (text === undefined ? undefined : parseHttpDate(text)) ?? otherwise;
}

/** A tag may have commas in it. */
function tagsIn(list: string): string[] {
  return list.match(/(?:W\/)?"[^"]*"/g) ?? [];
}
