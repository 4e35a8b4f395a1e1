import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { Authenticator, ConnectionOptions } from '@nats-io/transport-node';
import { messageOf } from '../base/error-text.js';
import { GatewayError } from '../base/errors.js';
import { natsHost } from '../config/backbone-rules.js';
import { isLoopback } from '../config/cluster-rules.js';
import type { NatsLogin } from './login-options.js';
import type { NatsLibrary } from './nats-library.js';

/** A seed of a user, in a file by itself or between lines of hyphens. */
const SEED = /\bSU[A-Z2-7]{56}\b/;

/**
 * What the library has to know to log in at one of the servers. Files are read each time, so that they may be replaced.
 *
 * @throws GW_BACKBONE naming the file that cannot be read or used
 */
export function loginOptions(nats: NatsLibrary, server: string, login: NatsLogin): ConnectionOptions {
  const authenticator = authenticatorOf(nats, login);
  return {
    servers: server,
    ...(usesTls(server, login) ? { tls: tlsOptions(natsHost(server), login.tls ?? {}) } : {}),
    ...(authenticator === undefined ? {} : { authenticator }),
  };
}

/** Without it TLS is spoken nevertheless where the server wants it. */
export function usesTls(server: string, { tls }: NatsLogin): boolean {
  return tls !== undefined || /^tls:/i.test(server);
}

/** Whether nobody else's machine can reach the server by this url. */
export function isOnThisMachine(server: string): boolean {
  return isLoopback(natsHost(server));
}

/** The public key by which NATS knows this node, where it logs in by one: `U…`. */
export function publicKeyOf(nats: NatsLibrary, login: NatsLogin): string | undefined {
  if (login.nkey === undefined && login.credentials === undefined) return undefined;
  const answer = authenticatorOf(nats, login)?.('');
  return typeof answer === 'object' && 'nkey' in answer ? answer.nkey : undefined;
}

function authenticatorOf(nats: NatsLibrary, login: NatsLogin): Authenticator | undefined {
  const { user, password, token, nkey, credentials } = login;
  if (user !== undefined) return nats.usernamePasswordAuthenticator(user, password);
  if (token !== undefined) return nats.tokenAuthenticator(token);
  if (credentials !== undefined) {
    const key = 'cluster.backbone.credentials';
    const authenticator = nats.credsAuthenticator(readFile(credentials, key));
    return usable(
      authenticator,
      `${credentials}, which ${key} names,`,
      'the file of a user, as nsc writes it',
    );
  }
  if (nkey === undefined) return undefined;
  const key = 'cluster.backbone.nkey';
  const own = SEED.test(nkey);
  const [seed = ''] = SEED.exec(own ? nkey : readFile(nkey, key).toString('latin1')) ?? [];
  return usable(
    nats.nkeyAuthenticator(Buffer.from(seed)),
    own ? `the seed in ${key}` : `${nkey}, which ${key} names,`,
    'the seed of a user, SU… as nk and nsc write it',
  );
}

/** The library would ask it only when the server has answered. */
function usable(authenticator: Authenticator, what: string, expected: string): Authenticator {
  try {
    authenticator('a challenge');
  } catch (cause) {
    const message = `${what} cannot be used (${messageOf(cause)}). Expected ${expected}.`;
    throw new GatewayError('GW_BACKBONE', message, { cause });
  }
  return authenticator;
}

function tlsOptions(
  host: string,
  { ca, cert, key }: NonNullable<NatsLogin['tls']>,
): ConnectionOptions['tls'] {
  const pem = { ca: readPem(ca, 'ca'), cert: readPem(cert, 'cert'), key: readPem(key, 'key') };
  try {
    createSecureContext(pem);
  } catch (cause) {
    const files = [ca, cert, key].filter((file) => file !== undefined).join(', ');
    throw new GatewayError(
      'GW_BACKBONE',
      `${files}, which cluster.backbone.tls names, cannot be used: ${messageOf(cause)}. Expected the authority's certificate, a certificate and its private key, all PEM.`,
      { cause },
    );
  }
  // by an address the library tells TLS no name, and what is checked would be whether the certificate is for localhost
  const names = { host };
  return { ...pem, ...names };
}

function readPem(file: string | undefined, name: string): string | undefined {
  return file === undefined ? undefined : readFile(file, `cluster.backbone.tls.${name}`).toString();
}

function readFile(file: string, key: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new GatewayError(
      'GW_BACKBONE',
      `${file}, which ${key} names, cannot be read: ${(cause as Error).message}.`,
      { cause },
    );
  }
}
