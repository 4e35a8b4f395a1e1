import type { NodeConfig } from '../config/schema.js';
import { Certificates } from '../gateway/protocols/certificates.js';

/**
 * Reads the certificates of all listeners, the admin listener among them, without opening any.
 *
 * @returns what is to be said of them, a line each
 * @throws GatewayError GW_TLS
 */
export async function checkCertificates({ gateway, admin }: NodeConfig): Promise<string[]> {
  const lines: string[] = [];
  const listeners = gateway === false ? [] : gateway.listen;
  const own = admin === false ? [] : [{ url: 'admin', tls: admin.tls }];
  for (const { url, tls } of [...listeners, ...own]) {
    if (tls === undefined) continue;
    const certificates = await Certificates.read(tls, url);
    const warnings = certificates.warnings(Date.now());
    const names = certificates.names.join(', ') || 'no DNS names';
    lines.push(`${url}: ${names}, until ${certificates.validTo.toISOString()}`, ...warnings);
  }
  return lines;
}
