import { messageOf } from '../base/error-text.js';
import type { NatsLibrary } from './nats-library.js';
import type { NatsLogin } from './login-options.js';
import { publicKeyOf, usesTls } from './nats-login.js';

/**
 * Why a server of the backbone cannot be reached, in words that follow its url: what it refused, and what to do. Those of
 * NATS and of TLS are short, and name neither.
 */
export function dialFailure(nats: NatsLibrary, server: string, login: NatsLogin, error: unknown): string {
  if (!(error instanceof Error)) return messageOf(error);
  const { name, message } = error;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (name === 'AuthorizationError' || name === 'UserAuthenticationExpiredError') {
    return /timeout/i.test(message) ? 'it had no time to let this node in' : refusedLogin(nats, login);
  }
  if (name === 'TimeoutError') return 'it does not answer';
  if (message === "server does not support 'tls'") return noTls(server);
  if (message === 'unexpected response from server') return 'what answers there is no NATS server';
  const tls = usesTls(server, login);
  // the latter is what the library says when a connection ends without any error
  if (code === 'ECONNRESET' || message.includes('undefined error'))
    return endedAtOnce(tls ? login.tls : undefined);
  return tlsFailure(code, message, login, tls) ?? messageOf(error);
}

function refusedLogin(nats: NatsLibrary, login: NatsLogin): string {
  const { user, token, nkey, credentials } = login;
  if (user !== undefined) {
    return `it refuses the user "${user}" with this password: expected one of its configuration in cluster.backbone.user and password`;
  }
  if (token !== undefined) {
    return 'it refuses the token: expected that of its configuration in cluster.backbone.token';
  }
  if (nkey !== undefined) {
    return `it refuses the nkey ${publicKeyOf(nats, login)}: expected the seed of one of its configuration in cluster.backbone.nkey`;
  }
  if (credentials !== undefined) {
    return `it refuses the user ${publicKeyOf(nats, login)} of ${credentials}: expected one of an account that it knows, which has not expired`;
  }
  return 'it lets nobody in without a login: set user and password, token, nkey or credentials in cluster.backbone';
}

function noTls(server: string): string {
  const remedy = /^tls:/i.test(server) ? 'write nats:// in place of tls://' : 'remove cluster.backbone.tls';
  return `it speaks no TLS: give its configuration a tls block, or ${remedy} where the network is nobody else's`;
}

/** Codes of node and of OpenSSL for a certificate that nobody known has signed. */
const UNKNOWN_AUTHORITY: ReadonlySet<string> = new Set([
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'CERT_SIGNATURE_FAILURE',
]);

function tlsFailure(code: string, message: string, { tls }: NatsLogin, asked: boolean): string | undefined {
  if (UNKNOWN_AUTHORITY.has(code)) {
    return tls?.ca === undefined
      ? `nobody whom this machine trusts has signed its certificate (${code}): name the file of its authority in cluster.backbone.tls.ca`
      : `its certificate is not signed by the authority in ${tls.ca}, which cluster.backbone.tls.ca names (${code})`;
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    // asked for nothing, TLS is not told which address it came by
    const remedy = asked ? 'use a name that it has' : 'set cluster.backbone.tls, and use a name that it has';
    return `its certificate is for another host (${message}): ${remedy} in cluster.backbone.servers`;
  }
  if (code === 'CERT_HAS_EXPIRED') return 'its certificate has expired';
  if (code === 'CERT_NOT_YET_VALID')
    return 'its certificate is not valid yet: look at the clocks of both machines';
  if (!/^ERR_SSL_.*ALERT/.test(code)) return undefined;
  return tls?.cert === undefined
    ? `it wants a certificate of this node (${code}): name one that it trusts, and its key, in cluster.backbone.tls.cert and key`
    : refusedCertificate(tls.cert);
}

/** Over a certificate that it does not trust a server may hang up before its alert has come. */
function endedAtOnce(tls: NatsLogin['tls']): string {
  return tls?.cert === undefined ? 'it ended the connection at once' : refusedCertificate(tls.cert);
}

function refusedCertificate(cert: string): string {
  return `it ended the connection at once: has its authority signed the certificate in ${cert}?`;
}
