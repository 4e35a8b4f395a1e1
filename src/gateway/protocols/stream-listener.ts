import { createServer, type Server, type Socket } from 'node:net';
import type { ListenUrl } from '../../config/listen-url.js';
import { systemClock } from '../../base/clock.js';
import { OpenListenerContext } from './listener-context.js';
import { bind } from './bind.js';
import type { ClientHost, Listener, ListenerContext, ListenerOptions } from './protocol.js';
import { type StreamPort, type StreamProtocol, StreamTransport } from './stream-transport.js';
import { KEEP_ALIVE_DELAY } from './timeouts.js';

/** A TCP port whose clients speak `protocol`. */
export async function openStreamListener(
  options: ListenerOptions,
  address: ListenUrl,
  host: ClientHost,
  protocol: StreamProtocol,
): Promise<Listener> {
  const server = createServer({
    // a client that has closed its side still gets the answer to what it sent
    allowHalfOpen: true,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: KEEP_ALIVE_DELAY,
  });
  const { maxPackageSize, clock = systemClock } = options;
  const port = new OpenListenerContext(address, options);
  const shared: StreamPort = { protocol, host, maxPackageSize, port, clock };
  // before it listens: where processes share a port, the first client comes together with the word that it is open
  server.on('connection', (socket) => accept(shared, socket));
  port.opened(await bind(server, options.url, address));
  // accept() itself can fail; the port stays open (where file descriptors run out, libuv hangs up on the newcomer)
  server.on('error', (error) => host.refused(`${protocol.name} accept`, '', error.message));
  return new StreamListener(port, server);
}

class StreamListener implements Listener {
  readonly context: ListenerContext;
  readonly #server: Server;

  constructor(port: ListenerContext, server: Server) {
    this.context = port;
    this.#server = server;
  }

  /** The port is free when `server.close` returns; its callback would wait for the last client. */
  async close(): Promise<void> {
    this.#server.close();
  }
}

function accept(shared: StreamPort, socket: Socket): void {
  if (shared.host.admits() !== 'welcome') {
    socket.destroy();
    return;
  }
  const transport = new StreamTransport(shared, socket);
  socket.on('data', (chunk: Buffer) => transport.receive(chunk));
  socket.on('end', () => transport.receivedAll());
  socket.on('close', () => transport.end());
  socket.on('error', ignore);
  shared.host.opened(transport);
}

/** A reset, a timeout: `close` follows, and says all that matters. */
function ignore(): void {}
