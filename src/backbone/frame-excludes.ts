import { type GatewayAddress, isAt, parseClientId } from '../wire/client-id.js';
import { type ReceivedFrame, decodeFrame, encodeFrame } from '../wire/frame.js';

/**
 * A send to other cells has the ids of those that are left out whole, since a connection id is another client at each gateway.
 * Here it is as that gateway's own workers would send it: with the connection ids of its own.
 *
 * @throws SyntaxError, GW_CLIENT_ID when its ext_data is none of ours
 */
export function withOwnExcludes(frame: ReceivedFrame, gateway: GatewayAddress): ReceivedFrame {
  const { exclude, ...rest } = JSON.parse(frame.extText());
  const ext = JSON.stringify({ ...rest, exclude: ownExcludes(exclude, gateway) });
  return decodeFrame(encodeFrame({ ...fieldsOf(frame), localPort: 0, ext, body: frame.body }));
}

/** The connection ids of those clients that are at this gateway. */
export function ownExcludes(clientIds: unknown, gateway: GatewayAddress): number[] | null {
  if (!Array.isArray(clientIds)) return null;
  return clientIds
    .map((id) => parseClientId(id))
    .filter((client) => isAt(gateway, client))
    .map(({ connectionId }) => connectionId);
}

function fieldsOf({
  command,
  localIp,
  localPort,
  clientIp,
  clientPort,
  connectionId,
  flags,
  gatewayPort,
}: ReceivedFrame) {
  return { command, localIp, localPort, clientIp, clientPort, connectionId, flags, gatewayPort };
}
