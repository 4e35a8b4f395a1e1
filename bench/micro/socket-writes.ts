import { type AddressInfo, type Server, type Socket, connect, createServer } from 'node:net';
import type { Suite, Task } from './suite.js';

const MESSAGES = 16;
const FRAME_LENGTH = 66;

let server: Server | undefined;
let client: Socket | undefined;

/** What one client is sent in one tick, over a real socket to this process. */
export const socketWrites: Suite = {
  name: 'socket-writes',
  title: `write ${MESSAGES} frames of ${FRAME_LENGTH} bytes to a socket, per frame, until they have arrived`,
  async prepare() {
    let missing = 0;
    let arrived: (() => void) | undefined;
    const listening = createServer((socket) => {
      socket.on('data', ({ length }) => {
        missing -= length;
        if (missing === 0) arrived?.();
      });
    });
    server = listening;
    await new Promise<void>((resolve) => void listening.listen(0, '127.0.0.1', resolve));
    const socket = connect({
      port: (listening.address() as AddressInfo).port,
      host: '127.0.0.1',
      noDelay: true,
    });
    client = socket;
    await new Promise<void>((resolve) => void socket.once('connect', resolve));

    const frames = Array.from({ length: MESSAGES }, () => Buffer.alloc(FRAME_LENGTH, 'x'));
    const task = (name: string, write: () => void): Task => ({
      name,
      operations: MESSAGES,
      async run() {
        missing = MESSAGES * FRAME_LENGTH;
        const all = new Promise<void>((resolve) => (arrived = resolve));
        write();
        await all;
      },
    });
    return [
      task('joined to one buffer, one write', () => socket.write(Buffer.concat(frames))),
      task('corked: one writev of all', () => {
        socket.cork();
        for (const frame of frames) socket.write(frame);
        socket.uncork();
      }),
      task('a write for each', () => {
        for (const frame of frames) socket.write(frame);
      }),
      task('a write for header and payload of each, corked', () => {
        for (const frame of frames) {
          socket.cork();
          socket.write(frame.subarray(0, 2));
          socket.write(frame.subarray(2));
          socket.uncork();
        }
      }),
    ];
  },
  async close() {
    client?.destroy();
    await new Promise((resolve) => void server?.close(resolve));
  },
};
