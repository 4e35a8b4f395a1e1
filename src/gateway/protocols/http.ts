import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Clock } from '../../clock.js';
import { GatewayError } from '../../errors.js';
import { plainAddress } from './address.js';
import { listenError } from './bind.js';
import { Answer, unanswered } from './http-answer.js';
import type { ClientHost, ListenerOptions } from './protocol.js';
import { staticFiles } from './static-files.js';
import { CLOSE_TIMEOUT, KEEP_ALIVE_DELAY } from './timeouts.js';

/** What bounds a plain request and a handshake, in milliseconds: they come from anybody. */
const LIMITS = {
  headersTimeout: 10_000,
  requestTimeout: 20_000,
  connectionsCheckingInterval: 5_000,
  keepAliveTimeout: 5_000,
};

/** Milliseconds that a response may stand still because the client does not read. */
const IDLE_TIMEOUT = 30_000;

/** The plain HTTP side of a websocket port: health, static files, and a word to those who expect something else. */
export class HttpSide {
  /** Upgrades are the owner's to handle. */
  readonly server: Server;
  readonly #host: ClientHost;
  readonly #files: ReturnType<typeof staticFiles> | undefined;
  #stopping = false;

  private constructor(server: Server, options: ListenerOptions, host: ClientHost) {
    this.server = server;
    this.#host = host;
    this.#files = options.staticRoot === undefined ? undefined : staticFiles(options.staticRoot);
    server.on('request', (request, response) => {
      // for those that ask only: a timer that was ever set stays with its socket, and most become websockets
      request.socket.setTimeout(IDLE_TIMEOUT);
      this.#queue(request, response);
    });
    server.on('clientError', (error, socket) => this.#refuse(error, socket));
  }

  /** @throws GatewayError GW_LISTEN when the certificate or its key cannot be used */
  static async create(options: ListenerOptions, host: ClientHost): Promise<HttpSide> {
    const limits = {
      ...LIMITS,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE_DELAY,
      ServerResponse: Answer,
    };
    if (!options.url.startsWith('wss:')) return new HttpSide(createServer(limits), options, host);
    if (options.tls === undefined) {
      const message = `Cannot listen on ${options.url}: wss needs a certificate; expected tls: { cert, key }.`;
      throw new GatewayError('GW_LISTEN', message);
    }
    try {
      const [cert, key] = await Promise.all([readFile(options.tls.cert), readFile(options.tls.key)]);
      const tls = { ...limits, cert, key, handshakeTimeout: LIMITS.headersTimeout };
      return new HttpSide(createTlsServer(tls), options, host);
    } catch (cause) {
      throw listenError(options.url, cause);
    }
  }

  /** Frees the port at once. What is being answered gets some time. */
  stop(clock: Clock): void {
    this.#stopping = true;
    const timer = clock.setTimeout(() => this.server.closeAllConnections(), CLOSE_TIMEOUT);
    this.server.close(() => timer.cancel());
  }

  /** Answers a request to switch to a protocol that we do not have as if it had not asked: Java's client always offers h2c. */
  answerUpgrade(request: IncomingMessage, socket: Socket): void {
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(socket);
    response.on('finish', () => socket.destroySoon());
    socket.on('error', () => socket.destroy());
    socket.setTimeout(IDLE_TIMEOUT, () => socket.destroy());
    this.#answer(request, response);
  }

  /**
   * One request may wait for its turn: a client that has read all of a file can ask for the next one before we have
   * seen the end of that file. More is pipelining, which nobody needs: a refusal, and the end of the connection.
   */
  #queue(request: IncomingMessage, response: ServerResponse): void {
    const queue = unanswered(request.socket);
    if (queue[0] === response) {
      this.#answer(request, response);
    } else if (queue.length === 2) {
      // whatever is opened for an answer without a socket would stay open: it never closes
      queue[0].once('close', () => {
        if (response.socket?.destroyed === false) this.#answer(request, response);
      });
    } else {
      response.shouldKeepAlive = false;
      this.#say(response, 503, 'Too many requests at once: wait for an answer before the next request.');
    }
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD');
      this.#say(response, 405, 'Only GET and HEAD are answered here.');
    } else if (request.url?.split('?', 1)[0] === '/healthz') {
      const health = this.#stopping ? 'stopping' : this.#host.health;
      response.setHeader('Cache-Control', 'no-store');
      const body = JSON.stringify({ status: health });
      this.#send(response, health === 'ok' ? 200 : 503, 'application/json', body);
    } else if (this.#files !== undefined) {
      this.#files(request, response, () =>
        this.#say(response, 404, 'There is no such file. This port is for websockets too.'),
      );
    } else {
      response.setHeader('Upgrade', 'websocket');
      this.#say(response, 426, 'This port is for websockets: connect with a websocket client.');
    }
  }

  #say(response: ServerResponse, status: number, text: string): void {
    this.#send(response, status, 'text/plain; charset=utf-8', `${text}\n`);
  }

  #send(response: ServerResponse, status: number, type: string, body: string): void {
    if (this.#stopping) response.shouldKeepAlive = false;
    response.writeHead(status, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) });
    response.end(body);
  }

  /** What is no HTTP, or TLS. A connection that was reset, or waited too long with its request, is nothing to report. */
  #refuse(error: NodeJS.ErrnoException, socket: Duplex): void {
    const malformed = error.code?.startsWith('HPE_');
    if (malformed || error.code?.startsWith('ERR_SSL')) {
      const from = socket instanceof Socket ? plainAddress(socket.remoteAddress ?? '') : '';
      this.#host.refused(malformed ? 'http 400' : 'tls', from, error.message);
    }
    if (malformed && socket.writable && unanswered(socket).length === 0) {
      socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n', () => socket.destroy());
    } else socket.destroy();
  }
}
