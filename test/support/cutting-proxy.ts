import { once } from 'node:events';
import { type AddressInfo, type Server, type Socket, connect, createServer } from 'node:net';

/** Stands between a client and a server, and cuts the connection when what the client sends has a word in it. */
export class CuttingProxy {
  /** Cut, at the next time: before the server gets the word, or when it has answered it. */
  word: { readonly text: string; readonly reached: boolean } | undefined;
  /** How often the word came. */
  seen = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(port: number): Promise<CuttingProxy> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const proxy = new CuttingProxy(server);
    server.on('connection', (client) => proxy.#join(client, connect(port, '127.0.0.1')));
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Cuts all connections that there are. */
  async cut(): Promise<void> {
    const open = [...this.#sockets].filter((socket) => !socket.destroyed);
    const closed = open.map(async (socket) => await once(socket, 'close'));
    for (const socket of open) socket.destroy();
    await Promise.all(closed);
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }

  #join(client: Socket, server: Socket): void {
    let cut = false;
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        client.destroy();
        server.destroy();
      });
    }
    client.on('data', (data) => {
      if (this.word !== undefined && data.includes(this.word.text)) {
        this.seen++;
        const { reached } = this.word;
        this.word = undefined;
        if (!reached) {
          client.destroy();
          return;
        }
        cut = true;
      }
      server.write(data);
    });
    server.on('data', (data) => {
      if (cut) client.destroy();
      else client.write(data);
    });
  }
}
