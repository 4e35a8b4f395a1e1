import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import type { ClientCertificate } from '../../wire/handshake.js';
import { altNamesOf } from './alt-names.js';

/**
 * Who a client has shown to be, by a certificate that one of the listener's authorities (`tls.ca`) has signed. Undefined
 * for anybody else, whatever was shown.
 */
export function certificateOf(socket: Duplex): ClientCertificate | undefined {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined;
  const shown = socket.getPeerCertificate();
  return {
    subject: { ...shown.subject },
    issuer: { ...shown.issuer },
    altNames: altNamesOf(shown.subjectaltname),
    serialNumber: shown.serialNumber,
    fingerprint256: shown.fingerprint256,
    validFrom: new Date(shown.valid_from).toISOString(),
    validTo: new Date(shown.valid_to).toISOString(),
  };
}
