import { readFileSync } from 'node:fs';
import { type Server, type Socket, connect, createServer } from 'node:net';
import { connect as connectTls, createSecureContext, createServer as createTlsServer } from 'node:tls';
import { GatewayError } from '../base/errors.js';
import { bind } from './bind.js';
import type { InnerTls } from './inner-tls.js';
import type { Stranger, Strangers } from './strangers.js';

export type { InnerTls } from './inner-tls.js';

/** Milliseconds that a TLS handshake may take on an inner port. */
const HANDSHAKE_TIME = 10_000;

/** Reads the files that the configuration names. @throws GW_CLUSTER naming what cannot be read or used */
export function readInnerTls(files: { cert: string; key: string; ca: string }): InnerTls {
  const tls = { cert: readPem(files.cert), key: readPem(files.key), ca: readPem(files.ca) };
  try {
    createSecureContext(tls);
  } catch (cause) {
    throw new GatewayError(
      'GW_CLUSTER',
      `${files.cert}, ${files.key} and ${files.ca}, which cluster.tls names, cannot be used together: ${(cause as Error).message}. Expected a certificate, its private key, and the authority's certificate, all PEM.`,
      { cause },
    );
  }
  return tls;
}

function readPem(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new GatewayError(
      'GW_CLUSTER',
      `${file}, which cluster.tls names, cannot be read: ${(cause as Error).message}.`,
      { cause },
    );
  }
}

/** `host:port` in its parts. */
export function splitAddress(address: string): { host: string; port: number } {
  const colon = address.lastIndexOf(':');
  return { host: address.slice(0, colon), port: Number(address.slice(colon + 1)) };
}

/**
 * Opens a connection to a gateway's inner port or a Register. The caller listens for `error` and `close` at once.
 *
 * @param onConnect called when bytes can be sent: for TLS, once each side knows the other
 */
export function connectInner(
  { host, port }: { host: string; port: number },
  tls: InnerTls | undefined,
  onConnect: () => void,
): Socket {
  if (tls === undefined) return connect({ host, port }, onConnect);
  // nodes are known by who signed their certificates, not by the addresses they happen to have
  return connectTls({ host, port, ...tls, checkServerIdentity: () => undefined }, onConnect);
}

export interface InnerPortOptions {
  readonly tls: InnerTls | undefined;
  /** Who has come and not said who he is: counted from the first moment, a TLS handshake included. */
  readonly strangers: Strangers;
  /** Is given connections that are ready for use; it listens for their errors. */
  readonly onSocket: (socket: Socket, stranger: Stranger) => void;
}

/**
 * Opens an inner port.
 *
 * @param key what the configuration calls its address
 * @throws GW_LISTEN
 */
export async function listenInner(
  { host, port, key }: { host: string; port: number; key: string },
  { tls, strangers, onSocket }: InnerPortOptions,
): Promise<Server> {
  const server =
    tls === undefined
      ? createServer()
      : createTlsServer({
          ...tls,
          requestCert: true,
          rejectUnauthorized: true,
          handshakeTimeout: HANDSHAKE_TIME,
        });
  if (tls === undefined) {
    server.on('connection', (socket: Socket) => onSocket(socket, strangers.add(socket)));
  } else {
    /** By the far end's address: what is ready for use is another object than what was accepted. */
    const handshaking = new Map<string, Stranger>();
    server.on('connection', (socket: Socket) => {
      const peer = peerOf(socket);
      handshaking.set(peer, strangers.add(socket));
      socket.once('close', () => handshaking.delete(peer));
    });
    server.on('secureConnection', (socket: Socket) => {
      const stranger = handshaking.get(peerOf(socket));
      // without one, the connection has closed meanwhile
      if (stranger === undefined) socket.destroy();
      else onSocket(socket, stranger);
    });
  }
  // in a group (start --nodes N) the ports of clients are shared, and this one is the node's own
  await bind(server, { host, port, exclusive: true }, `${host}:${port}`, key);
  return server;
}

function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
