import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** An answer as it was on the wire. */
export interface RawAnswer {
  readonly status: number;
  /** By lower-case name. */
  readonly headers: Record<string, string>;
  readonly body: string;
}

/** Opens a connection from which nothing is read yet. */
export async function dial(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  return socket;
}

/** Everything that comes on a connection up to its end. */
export async function rest(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(socket, 'close');
  return Buffer.concat(chunks);
}

/** Sends bytes as they are, on a connection of their own, and waits for the other side to end it. */
export async function exchange(url: string, request: string): Promise<RawAnswer> {
  const socket = await dial(url);
  socket.write(request);
  return answerIn(await rest(socket), request.startsWith('HEAD '));
}

/** One answer, whose length has to be what it says. */
export function answerIn(bytes: Buffer, hasNoBody = false): RawAnswer {
  const text = bytes.toString('latin1');
  const end = text.indexOf('\r\n\r\n');
  const [first, ...lines] = text.slice(0, Math.max(end, 0)).split('\r\n');
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(first)?.[1]);
  assert.ok(status, `an answer: ${JSON.stringify(text.slice(0, 100))}`);
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const [, name, value] = /^([^:]+): (.*)$/.exec(line) ?? [];
    assert.ok(!(name.toLowerCase() in headers), `${name} once`);
    headers[name.toLowerCase()] = value;
  }
  const body = bytes.subarray(end + 4);
  const expected = hasNoBody || status === 304 ? '0' : headers['content-length'];
  if (headers['transfer-encoding'] === undefined && status !== 101) assert.equal(`${body.length}`, expected);
  return { status, headers, body: body.toString() };
}
