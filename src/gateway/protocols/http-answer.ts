import { ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';

/** In the order of the requests; only the first has the socket. Those whose turn never comes go with the socket. */
const answers = new WeakMap<Duplex, HttpAnswer[]>();

/** The answer to a plain request, one of node's own included: 400 to a request without a host, 417 to expectations. */
export class HttpAnswer extends ServerResponse {
  constructor(...args: ConstructorParameters<typeof ServerResponse>) {
    super(...args);
    const { socket } = args[0];
    const queue = answers.get(socket) ?? [];
    answers.set(socket, queue);
    queue.push(this);
    this.once('close', () => queue.shift());
  }
}

/** What a connection has asked for and not been answered yet, in order. */
export function unanswered(connection: Duplex): readonly HttpAnswer[] {
  return answers.get(connection) ?? [];
}

/** An answer to what did not become a request, the last on its connection. @param fields further lines of its head */
export function rawAnswer(status: number, text: string, fields: readonly string[] = []): string {
  const { [status]: words = '' } = STATUS_CODES;
  const body = `${text || words}\n`;
  const head = [
    `HTTP/1.1 ${status} ${words}`,
    'Connection: close',
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...fields,
  ].join('\r\n');
  return `${head}\r\n\r\n${body}`;
}

/** A line of a head. */
export function fieldLine([name, value]: readonly [name: string, value: string]): string {
  return `${name}: ${value}`;
}
