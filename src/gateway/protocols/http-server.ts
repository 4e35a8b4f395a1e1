import { createServer, type Server } from 'node:http';
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
 * @throws GatewayError GW_LISTEN for wss without a certificate
 */
export function createHttpServer(context: ListenerContext): Server {
  const options = {
    ...LIMITS,
    maxHeaderSize: context.maxHeaderSize,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: KEEP_ALIVE_DELAY,
    ServerResponse: HttpAnswer,
  };
  const { tls } = context;
  if (tls === undefined) {
    if (context.address.scheme === 'wss') throw noCertificate(context.options.url);
    return unlimited(createServer(options));
  }
  const server = createTlsServer({ ...options, ...tls.options });
  tls.serve(server);
  return unlimited(server);
}

function noCertificate(url: string): GatewayError {
  const message = `Cannot listen on ${url}: wss needs a certificate; expected tls: { cert, key }.`;
  return new GatewayError('GW_LISTEN', message);
}

/** Headers are limited by their bytes, which are counted: those beyond a number would be ignored. */
function unlimited(server: Server): Server {
  server.maxHeadersCount = 0;
  return server;
}
