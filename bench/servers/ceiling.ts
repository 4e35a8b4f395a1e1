import { createHash } from 'node:crypto';
import { type AddressInfo, type Socket, createServer } from 'node:net';
import {
  type FrameRow,
  MASK,
  REQUEST_LENGTH,
  ROTATION,
  frameRow,
  messageBytes,
  replyFrame,
} from '../load/messages.js';

/*
 * What the load generator can do at most: a server that reads nothing but how long a piece of the stream is and what its
 * first message asks for, and answers with frames that it made beforehand. Figures near this one's say more about the
 * load generator, or the kernel, than about a server.
 */

const TO_ALL = 'a'.charCodeAt(0);
const SIGN_IN = 's'.charCodeAt(0);
/** Where a frame's first character is, masked. */
const FIRST_CHARACTER = 6;
/** Broadcasts that go out in one write. */
const LONGEST_WRITE = ROTATION * 4;

const clients = new Set<CeilingClient>();
const broadcasts = frameRow('a', 0, replyFrame, LONGEST_WRITE);
let broadcast = 0;

class CeilingClient {
  readonly socket: Socket;
  readonly #number: number;
  #echoes: FrameRow | undefined;
  #echoed = 0;
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
    if (this.#left === 0) this.#kind = data[FIRST_CHARACTER] ^ MASK[0];
    const bytes = this.#left + data.length;
    this.#left = bytes % REQUEST_LENGTH;
    for (let count = Math.floor(bytes / REQUEST_LENGTH); count > 0; count -= LONGEST_WRITE) {
      this.#answer(Math.min(count, LONGEST_WRITE));
    }
  }

  #answer(count: number): void {
    if (this.#kind === SIGN_IN) {
      this.socket.write(replyFrame(messageBytes('s', this.#number, 0)));
    } else if (this.#kind === TO_ALL) {
      const frames = broadcasts.slice(broadcast, count);
      broadcast += count;
      for (const { socket } of clients) socket.write(frames);
    } else {
      this.#echoes ??= frameRow('e', this.#number, replyFrame, LONGEST_WRITE);
      this.socket.write(this.#echoes.slice(this.#echoed, count));
      this.#echoed += count;
    }
  }
}

const server = createServer({ noDelay: true }, (socket) => {
  socket.on('error', () => socket.destroy());
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
});

server.listen(0, '127.0.0.1', 1024, () => process.send?.({ port: (server.address() as AddressInfo).port }));
process.on('disconnect', () => process.exit());
