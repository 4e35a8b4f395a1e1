import { readFileSync } from 'node:fs';
import { messageOf } from '../base/error-text.js';
import { GatewayError } from '../base/errors.js';
import type { Authenticator, ConnectionOptions } from '@nats-io/transport-node';

/** The package that speaks to NATS: loaded with the first backbone, and never without one. */
export type NatsLibrary = typeof import('@nats-io/transport-node');

/** How a node reaches NATS, and says who it is there. Empty texts are none. */
export interface NatsLogin {
  /** `nats://host:4222`, or `tls://host:4222`. */
  readonly servers: readonly string[];
  /** Files, PEM. */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string } | undefined;
  readonly user?: string;
  readonly password?: string;
  readonly token?: string;
  /** A seed, `SU…`, or a file that holds one. */
  readonly nkey?: string;
  /** A file with a user's JWT and seed, as `nsc` writes it. */
  readonly credentials?: string;
}

/** @throws GW_BACKBONE when it is not installed */
export async function loadNats(): Promise<NatsLibrary> {
  try {
    return await import('@nats-io/transport-node');
  } catch (cause) {
    const { code } = cause as { code?: unknown };
    const found =
      code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND'
        ? 'which is not installed'
        : `which cannot be loaded (${messageOf(cause)})`;
    throw new GatewayError(
      'GW_BACKBONE',
      `cluster.backbone needs the package @nats-io/transport-node, ${found}: run npm install @nats-io/transport-node@3`,
      { cause },
    );
  }
}

/** What the library has to know to log in at one of the servers. Files are read each time, so that they may be replaced. */
export function loginOptions(nats: NatsLibrary, server: string, login: NatsLogin): ConnectionOptions {
  const { tls, user, password, token } = login;
  const options: ConnectionOptions = { servers: server };
  if (tls !== undefined || server.startsWith('tls://')) {
    options.tls = {
      ...(tls?.ca ? { caFile: tls.ca } : {}),
      ...(tls?.cert ? { certFile: tls.cert } : {}),
      ...(tls?.key ? { keyFile: tls.key } : {}),
    };
  }
  if (user) options.user = user;
  if (password) options.pass = password;
  if (token) options.token = token;
  const authenticator = keyAuthenticator(nats, login);
  if (authenticator !== undefined) options.authenticator = authenticator;
  return options;
}

function keyAuthenticator(nats: NatsLibrary, { nkey, credentials }: NatsLogin): Authenticator | undefined {
  if (credentials) return nats.credsAuthenticator(() => readFileSync(credentials));
  if (!nkey) return undefined;
  return nats.nkeyAuthenticator(() =>
    new TextEncoder().encode(nkey.startsWith('SU') ? nkey : readFileSync(nkey, 'utf8').trim()),
  );
}
