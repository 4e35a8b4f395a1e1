import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type AddressInfo, type Socket, createServer } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { parseArgs } from 'node:util';
import { groups } from '../load/audience.js';
import { MASK, dialects } from '../load/dialect.js';
import { type FrameRow, MESSAGE_LENGTH, ROTATION, frameRow } from '../load/messages.js';

/*
 * What the load generator can do at most: a server that reads nothing but how long a piece of the stream is and what its
 * first message asks for, and answers with frames that it made beforehand. Figures near this one's say more about the
 * load generator, or the kernel, than about a server.
 */

const { reply, request } = dialects.plain;
const REQUEST_LENGTH = request(Buffer.alloc(MESSAGE_LENGTH)).length;
/** Where a frame's payload is, behind its header and mask. */
const PAYLOAD = REQUEST_LENGTH - MESSAGE_LENGTH;
/** Frames that go out in one write. */
const LONGEST_WRITE = ROTATION * 4;

const [TO_ALL, TO_GROUP, ECHO] = Buffer.from('age');

const clients = new Set<CeilingClient>();
const broadcasts = frameRow('a', 0, reply, LONGEST_WRITE);
/** Messages to all or to a group so far. */
let sent = 0;
/** What groups are sent: who is in which does not depend on how many there are. */
const audience = groups(dialects.plain, 100);

class CeilingClient {
  readonly socket: Socket;
  readonly #number: number;
  #echoes: FrameRow | undefined;
  #echoed = 0;
  #fromGroups: FrameRow | undefined;
  /** What the messages are for whose first one was seen last. */
  #kind = 0;
  /** Bytes of a message whose end has not come. */
  #left = 0;

  constructor(socket: Socket, number: number) {
    this.socket = socket;
    this.#number = number;
  }

  receive(data: Buffer): void {
    // the mask is the same in every frame
    if (this.#left === 0) this.#kind = data[PAYLOAD] ^ MASK[0];
    const bytes = this.#left + data.length;
    this.#left = bytes % REQUEST_LENGTH;
    for (let count = Math.floor(bytes / REQUEST_LENGTH); count > 0; count -= LONGEST_WRITE) {
      this.#answer(Math.min(count, LONGEST_WRITE), data);
    }
  }

  /** Sends what comes to this client of the `count` messages to groups after the first `before`. */
  sendFromGroups(before: number, count: number): void {
    this.#fromGroups ??= audience.repliesTo(this.#number);
    const first = audience.countFor(this.#number, before);
    const own = audience.countFor(this.#number, before + count) - first;
    if (own > 0) this.socket.write(this.#fromGroups.slice(first, own));
  }

  #answer(count: number, data: Buffer): void {
    if (this.#kind === ECHO) {
      this.#echoes ??= frameRow('e', this.#number, reply, LONGEST_WRITE);
      this.socket.write(this.#echoes.slice(this.#echoed, count));
      this.#echoed += count;
    } else if (this.#kind === TO_ALL || this.#kind === TO_GROUP) {
      const before = sent;
      sent += count;
      if (this.#kind === TO_GROUP) {
        for (const client of clients) client.sendFromGroups(before, count);
      } else {
        const frames = broadcasts.slice(before, count);
        for (const { socket } of clients) socket.write(frames);
      }
    } else {
      // once for each client, whatever it asks for
      const message = data.subarray(PAYLOAD, REQUEST_LENGTH).map((byte, index) => byte ^ MASK[index % 4]);
      this.socket.write(reply(Buffer.from(message)));
    }
  }
}

function serve(socket: Socket): void {
  socket.on('error', () => socket.destroy());
  socket.setNoDelay();
  socket.once('data', (data) => {
    const head = data.toString('latin1');
    const client = new CeilingClient(socket, Number(/client=(\d+)/.exec(head)?.[1]));
    const key = /Sec-WebSocket-Key: (.+)\r\n/.exec(head)?.[1];
    const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    clients.add(client);
    socket.on('close', () => clients.delete(client));
    socket.on('data', (piece) => client.receive(piece));
  });
}

const { cert, key } = parseArgs({ options: { cert: { type: 'string' }, key: { type: 'string' } } }).values;
const server =
  cert === undefined || key === undefined
    ? createServer(serve)
    : createTlsServer({ cert: readFileSync(cert), key: readFileSync(key) }, serve);
server.listen(0, '127.0.0.1', 1024, () => process.send?.({ port: (server.address() as AddressInfo).port }));
process.on('disconnect', () => process.exit());
