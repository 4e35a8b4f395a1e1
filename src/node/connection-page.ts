import type { Gateway } from '../gateway/gateway.js';
import type { ConnectionPage } from '../ops/requests/connections.js';

/** A part of a gateway's connections. */
export function connectionPage(gateway: Gateway | undefined, offset: number, limit: number): ConnectionPage {
  if (gateway === undefined) return { total: 0, offset, connections: [] };
  const connections = [];
  let index = 0;
  for (const client of gateway.directory.clients()) {
    if (index >= offset + limit) break;
    if (index++ < offset) continue;
    const { protocol, remoteAddress, remotePort, bytesIn, bytesOut, bufferedBytes } = client.connection;
    connections.push({
      clientId: gateway.clientIdOf(client),
      uid: client.uid ?? null,
      groups: [...(client.groups ?? [])],
      protocol: protocol.name,
      remoteAddress,
      remotePort,
      bytesIn,
      bytesOut,
      buffered: bufferedBytes,
    });
  }
  return { total: gateway.directory.size, offset, connections };
}
