import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerOptions } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { GatewayError } from '../../base/errors.js';
import { HttpAnswer } from './http-answer.js';
import type { ListenerContext } from './listener-context.js';
import { KEEP_ALIVE_DELAY } from './timeouts.js';

/** What bounds a plain request and a handshake, in milliseconds: they come from anybody. */
const LIMITS = {
  headersTimeout: 10_000,
  requestTimeout: 20_000,
  connectionsCheckingInterval: 500,
  keepAliveTimeout: 5_000,
};

/**
 * The HTTP server of a websocket port, with TLS for wss. It does not listen yet.
 *
 * @throws GatewayError GW_LISTEN when the certificate or its key cannot be used
 */
export async function createHttpServer(context: ListenerContext): Promise<Server> {
  const options = {
    ...LIMITS,
    maxHeaderSize: context.maxHeaderSize,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: KEEP_ALIVE_DELAY,
    ServerResponse: HttpAnswer,
  };
  const server =
    context.address.scheme === 'wss' ? await createWithTls(context, options) : createServer(options);
  server.maxHeadersCount = 0; // their bytes are counted: those beyond a number would be ignored
  return server;
}

async function createWithTls(
  context: ListenerContext,
  options: ServerOptions<typeof IncomingMessage, typeof HttpAnswer>,
): Promise<Server> {
  const { url, tls } = context.options;
  if (tls === undefined) {
    const message = `Cannot listen on ${url}: wss needs a certificate; expected tls: { cert, key }.`;
    throw new GatewayError('GW_LISTEN', message);
  }
  try {
    const [cert, key] = await Promise.all([readFile(tls.cert), readFile(tls.key)]);
    return createTlsServer({ ...options, cert, key, handshakeTimeout: LIMITS.headersTimeout });
  } catch (cause) {
    throw context.failure(cause);
  }
}
