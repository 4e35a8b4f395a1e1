import { once } from 'node:events';
import { type AddressInfo, type Server, type Socket, connect, createServer } from 'node:net';
import { readIntoBuffer } from '#src/gateway/protocols/read-buffer.js';
import type { Suite, Task } from './suite.js';

const CLIENTS = 100;
const FRAME = Buffer.alloc(70, 'x');

let server: Server | undefined;
const sockets: Socket[] = [];

/** One short message of each of many clients, over real sockets to this process: what sending it costs is the same for both. */
export const socketReads: Suite = {
  name: 'socket-reads',
  title: `read ${FRAME.length} bytes of each of ${CLIENTS} sockets, sending them included, per read`,
  async prepare() {
    let missing = 0;
    let arrived: (() => void) | undefined;
    const came = (length: number): void => {
      missing -= length;
      if (missing === 0) arrived?.();
    };
    const onRead = (length: number): boolean => {
      came(length);
      return true;
    };
    let intoBuffer = true;
    const listening = createServer((socket) => {
      sockets.push(socket);
      if (!intoBuffer) socket.on('data', ({ length }) => came(length));
      else if (readIntoBuffer(socket, onRead)) socket.resume();
      else throw new Error('this Node cannot be told where to read to');
    });
    server = listening;
    listening.listen(0, '127.0.0.1');
    await once(listening, 'listening');
    const { port } = listening.address() as AddressInfo;

    const crowd = async (): Promise<Socket[]> => {
      const clients: Socket[] = [];
      for (let number = 0; number < CLIENTS; number++) {
        const client = connect({ port, host: '127.0.0.1', noDelay: true });
        clients.push(client);
        sockets.push(client);
        await Promise.all([once(client, 'connect'), once(listening, 'connection')]);
      }
      return clients;
    };
    const task = (name: string, clients: readonly Socket[]): Task => ({
      name,
      operations: CLIENTS,
      async run() {
        missing = CLIENTS * FRAME.length;
        const all = new Promise<void>((resolve) => (arrived = resolve));
        for (const client of clients) client.write(FRAME);
        await all;
      },
    });
    const first = task('into one buffer that all share', await crowd());
    intoBuffer = false;
    return [first, task('as chunks of a stream', await crowd())];
  },
  async close() {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => void server?.close(resolve));
  },
};
