import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { ListenerContext } from './listener-context.js';
import type { Listener } from './protocol.js';
import type { StreamProtocol } from './stream-protocol.js';
import { StreamConnection } from './stream-connection.js';
import { KEEP_ALIVE_DELAY } from './timeouts.js';
import { reportTlsFailure } from './tls-failure.js';

const OPTIONS = {
  // a client that has closed its side still gets the answer to what it sent
  allowHalfOpen: true,
  noDelay: true,
  keepAlive: true,
  keepAliveInitialDelay: KEEP_ALIVE_DELAY,
};

/** A TCP port or unix socket whose clients speak `protocol`, with or without TLS. */
export async function openStreamListener(
  context: ListenerContext,
  protocol: StreamProtocol,
): Promise<Listener> {
  // before it listens: where processes share a port, the first client comes together with the word that it is open
  const server = createStreamServer(context, (socket) => accept(context, protocol, socket));
  await context.bind(server);
  // accept() itself can fail; the port stays open (where file descriptors run out, libuv hangs up on the newcomer)
  server.on('error', (error) => context.host.refused(`${protocol.name} accept`, '', error.message));
  return new StreamListener(context, server);
}

class StreamListener implements Listener {
  readonly context: ListenerContext;
  readonly #server: Server;

  constructor(context: ListenerContext, server: Server) {
    this.context = context;
    this.#server = server;
  }

  /** The port is free when `server.close` returns; its callback would wait for the last client. */
  async close(): Promise<void> {
    this.#server.close();
    await this.context.unbind();
  }
}

/** @param onSocket is given connections that are ready for use */
function createStreamServer(context: ListenerContext, onSocket: (socket: Socket) => void): Server {
  const { tls, host } = context;
  if (tls === undefined) return createServer(OPTIONS).on('connection', onSocket);
  const server = createTlsServer({ ...OPTIONS, ...tls.options });
  tls.serve(server);
  // nobody is worth a handshake who would not be let in after it
  server.prependListener('connection', (socket: Socket) => {
    if (host.admits() !== 'welcome') socket.destroy();
  });
  server.on('secureConnection', onSocket);
  server.on('tlsClientError', (error, socket) => {
    reportTlsFailure(context, error, socket);
    socket.destroy();
  });
  return server;
}

function accept(context: ListenerContext, protocol: StreamProtocol, socket: Socket): void {
  const sender = context.senderOf(socket);
  if (context.admits(sender.address) !== 'welcome') {
    socket.destroy();
    return;
  }
  const connection = new StreamConnection(context, protocol, socket, sender);
  socket.on('data', (chunk: Buffer) => connection.receive(chunk));
  socket.on('end', () => connection.receivedAll());
  socket.on('close', () => connection.end());
  socket.on('error', ignore);
  context.host.opened(connection);
}

/** A reset, a timeout: `close` follows, and says all that matters. */
function ignore(): void {}
