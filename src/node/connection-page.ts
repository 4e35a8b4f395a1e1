import type { ClientRecord } from '../gateway/client-record.js';
import type { Gateway } from '../gateway/gateway.js';
import type { ConnectionPage, ConnectionStatus } from '../ops/requests/connections.js';

/** A part of a gateway's connections. */
export function connectionPage(gateway: Gateway | undefined, offset: number, limit: number): ConnectionPage {
  if (gateway === undefined) return { total: 0, offset, connections: [] };
  const connections = [];
  let index = 0;
  for (const client of gateway.directory.clients()) {
    if (index >= offset + limit) break;
    if (index++ < offset) continue;
    connections.push({
      clientId: gateway.clientIdOf(client),
      uid: client.uid ?? null,
      groups: [...(client.groups ?? [])],
      ...shownOf(client),
    });
  }
  return { total: gateway.directory.size, offset, connections };
}

/** What is shown of each client's connection. */
export function shownOf({
  connection: { protocol, remoteAddress, remotePort, bytesIn, bytesOut, bufferedBytes },
}: ClientRecord): Omit<ConnectionStatus, 'clientId' | 'uid' | 'groups'> {
  return {
    protocol: protocol.name,
    remoteAddress,
    remotePort,
    bytesIn,
    bytesOut,
    buffered: bufferedBytes,
  };
}
