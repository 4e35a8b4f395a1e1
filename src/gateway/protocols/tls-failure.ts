import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { plainAddress } from '../../net/address.js';
import type { ListenerContext } from './listener-context.js';

/** Where Node has the connection that TLS runs over. */
const PARENT = '_parent';

/** For {@link reportTlsFailure}: node remembers an address that has been asked for, and a client that it refuses is gone. */
export function askAddress(socket: Socket): void {
  void socket.remoteAddress;
}

/**
 * Reports a TLS handshake that has failed, if it is worth it: not one that the client has broken off, or that took too
 * long. The connection is gone, or ends by itself.
 */
export function reportTlsFailure(
  context: ListenerContext,
  error: NodeJS.ErrnoException,
  socket: TLSSocket,
): void {
  const { [PARENT]: parent } = socket as { readonly [PARENT]?: Socket };
  const from = context.senderOf(socket).address || plainAddress(parent?.remoteAddress);
  const { code = '', message } = error;
  const refusal = refusalOf(code, socket);
  if (refusal !== undefined) context.host.refused('tls client certificate', from, refusal);
  else if (code.startsWith('ERR_SSL')) context.host.refused('tls', from, message);
}

/** Undefined where it is not for the client's certificate that the handshake has failed. */
function refusalOf(code: string, { authorizationError }: TLSSocket): string | undefined {
  if (code === 'ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE')
    return 'The client has shown no certificate; one that tls.ca has signed is required (tls.requestCert).';
  // a code, though it is typed as an error
  const reason = authorizationError as unknown as string | null | undefined;
  return reason
    ? `The client's certificate is refused: ${reason}; expected one that tls.ca has signed.`
    : undefined;
}
