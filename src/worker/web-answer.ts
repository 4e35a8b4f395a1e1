import { Buffer } from 'node:buffer';
import { describe } from '../api/arguments.js';
import { GatewayError } from '../base/errors.js';
import type { HeaderFields } from '../wire/handshake-answer.js';
import { type WebAnswer, textAnswer } from '../wire/web-request.js';

/** Milliseconds that the body of an answer may take: its client has been answered 503 by then. */
const LIMIT = 30_000;
const EMPTY = new Uint8Array(0);

/** What HTTP can have in a line of a head: a name that is a token is seen to by the web's Headers. */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/**
 * What a handler has returned, as it goes to the gateway. Its body is read to the end.
 *
 * @param most bytes of that
 * @throws GW_ARGUMENT for what is no answer; whatever its body's stream fails with
 */
export async function webAnswerOf(returned: unknown, most: number): Promise<WebAnswer> {
  if (returned === undefined || returned === null) return textAnswer(404, 'Not Found');
  if (!isResponse(returned)) throw refused(describe(returned), 'a Response, or nothing for 404');
  const { status, statusText: text } = returned;
  if (status < 200) throw refused(`Response.error(), or the status ${status}`, 'a status from 200 to 599');
  if (!VALUE.test(text)) throw refused('a Response with such a statusText', 'a line of text');
  const headers = fieldsOf(returned);
  const body = returned.body === null ? EMPTY : await bodyOf(returned, most);
  return { status, text, headers, body };
}

/** Of whatever package: one of its own is as good as the global one. */
function isResponse(value: unknown): value is Response {
  if (value instanceof Response) return true;
  const { status, statusText, headers, arrayBuffer } = (value ?? {}) as Partial<Response>;
  return (
    typeof status === 'number' &&
    typeof statusText === 'string' &&
    typeof headers?.forEach === 'function' &&
    typeof arrayBuffer === 'function'
  );
}

function fieldsOf({ headers }: Response): HeaderFields {
  const fields: [string, string][] = [];
  // several Set-Cookie come one by one
  for (const [name, value] of headers) {
    if (!VALUE.test(value))
      throw refused(`a Response whose header ${name} has control characters`, 'a line of text');
    fields.push([name, value]);
  }
  return fields;
}

async function bodyOf(response: Response, most: number): Promise<Uint8Array> {
  if (response.bodyUsed) throw refused('a Response whose body was read already', 'one that nobody has read');
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  const timer = setTimeout(() => {
    void reader.cancel().catch(() => {});
  }, LIMIT).unref();
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      if (!(value instanceof Uint8Array))
        throw refused(`a Response whose body gives ${describe(value)}`, 'bytes');
      chunks.push(value);
      length += value.length;
      if (length > most) {
        void reader.cancel().catch(() => {});
        throw refused(`a Response of more than ${most} bytes`, 'at most maxPackageSize');
      }
    }
  } finally {
    clearTimeout(timer);
  }
  return chunks.length === 1 ? chunks[0] : Buffer.concat(chunks, length);
}

function refused(found: string, expected: string): GatewayError {
  return new GatewayError('GW_ARGUMENT', `onRequest returned ${found}; expected ${expected}.`);
}
