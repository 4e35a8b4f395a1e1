import { parseUrl } from './bind.js';
import { loadProtocol } from './custom.js';
import { frameProtocol } from './frame.js';
import type { ClientHost, Listener, ListenerOptions } from './protocol.js';
import { openStreamListener } from './stream-listener.js';
import { tcpProtocol } from './tcp.js';
import { textProtocol } from './text.js';
import { openUdpListener } from './udp.js';
import { openWsListener } from './ws.js';

/**
 * Opens a port for clients, in the protocol that its url names.
 *
 * @throws GatewayError GW_LISTEN when the port cannot be opened, GW_PROTOCOL_MODULE when a user's protocol cannot be loaded
 */
export async function openListener(options: ListenerOptions, host: ClientHost): Promise<Listener> {
  const address = parseUrl(options.url);
  switch (address.scheme) {
    case 'ws':
    case 'wss':
      return openWsListener(options, address, host);
    case 'text':
      return openStreamListener(options, address, host, textProtocol);
    case 'frame':
      return openStreamListener(options, address, host, frameProtocol);
    case 'tcp': {
      const { protocol: protocolModule, maxPackageSize, stateDir = '' } = options;
      const protocol = protocolModule
        ? await loadProtocol(protocolModule, host, stateDir)
        : tcpProtocol(maxPackageSize);
      return openStreamListener(options, address, host, protocol);
    }
    case 'udp':
      return openUdpListener(options, address, host);
    default:
      return address.scheme satisfies never;
  }
}
