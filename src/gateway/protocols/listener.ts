import type { ListenScheme } from '../../config/schemes.js';
import { SOCKET_IO } from '../../config/socket-io.js';
import { loadProtocol } from './custom.js';
import { frameProtocol } from './frame-protocol.js';
import { ListenerContext, type ListenerOptions } from './listener-context.js';
import { ListenerTls } from './listener-tls.js';
import type { ClientHost, Listener } from './protocol.js';
import { openStreamListener } from './stream-listener.js';
import { tcpProtocol } from './tcp-protocol.js';
import { textProtocol } from './text-protocol.js';
import { openUdpListener } from './udp.js';
import { openWsListener } from './ws.js';

/** How a listener of each scheme is opened. */
const OPENERS: Readonly<Record<ListenScheme, (context: ListenerContext) => Promise<Listener>>> = {
  ws: openWs,
  wss: openWs,
  text: (context) => openStreamListener(context, textProtocol),
  frame: (context) => openStreamListener(context, frameProtocol),
  tcp: async (context) => {
    const { protocol, maxPackageSize } = context.options;
    return await openStreamListener(
      context,
      protocol === undefined ? tcpProtocol(maxPackageSize) : await loadProtocol(protocol, context),
    );
  },
  udp: openUdpListener,
};

/**
 * Opens a port for clients, in the protocol that its url names.
 *
 * @throws GatewayError GW_LISTEN when the port cannot be opened, GW_TLS when a certificate cannot be used, GW_PROTOCOL_MODULE when a user's protocol cannot be loaded
 */
export async function openListener(options: ListenerOptions, host: ClientHost): Promise<Listener> {
  const context = new ListenerContext(options, host);
  if (options.tls !== undefined) context.tls = await ListenerTls.open(options.tls, options.url);
  return await OPENERS[context.address.scheme](context);
}

async function openWs(context: ListenerContext): Promise<Listener> {
  const { socketIo = false } = context.options;
  if (socketIo === false) return await openWsListener(context);
  const { SocketIoServer } = await import('./socketio/socket-io-server.js');
  const settings = socketIo === true ? SOCKET_IO : { ...SOCKET_IO, ...socketIo };
  const { EngineRelay } = await import('./socketio/engine-relay.js');
  const relay = await EngineRelay.open(context.options.url);
  return await openWsListener(context, SocketIoServer.open(context, settings, relay));
}
