import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, ServerResponse, STATUS_CODES } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { GatewayError } from '../../base/errors.js';
import { plainAddress } from '../../net/address.js';
import { Answer, unanswered } from './http-answer.js';
import { hasOneHost, originForm, splitTarget } from './http-target.js';
import type { ListenerContext } from './listener-context.js';
import { StaticFiles } from './static-files.js';
import { CLOSE_TIMEOUT, KEEP_ALIVE_DELAY } from './timeouts.js';

/** What bounds a plain request and a handshake, in milliseconds: they come from anybody. */
const LIMITS = {
  headersTimeout: 10_000,
  requestTimeout: 20_000,
  connectionsCheckingInterval: 500,
  keepAliveTimeout: 5_000,
};

/** What a request that node's parser gives up is answered with, by its error code; 400 in all other cases. */
const REFUSALS: Partial<Record<string, number>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 408,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  HPE_HEADER_OVERFLOW: 431,
  HPE_INVALID_VERSION: 505,
  HPE_PAUSED_H2_UPGRADE: 505,
};

/**
 * Milliseconds that a response may stand still because the client does not read. The systems of both sides hold some
 * megabytes, and take the next bytes only when a good part of them is gone: minutes, with a slow line.
 */
const IDLE_TIMEOUT = 300_000;

/** The plain HTTP side of a websocket port: health, static files, and a word to those who expect something else. */
export class HttpSide {
  /** Upgrades are the owner's to handle. */
  readonly server: Server;
  readonly #context: ListenerContext;
  readonly #files: StaticFiles | undefined;
  /** Connections that get their last answer. */
  readonly #ending = new WeakSet<Duplex>();
  #stopping = false;

  private constructor(server: Server, context: ListenerContext) {
    this.server = server;
    this.#context = context;
    const { options, host } = context;
    if (options.static !== undefined) {
      this.#files = new StaticFiles(options.static, {
        say: (response, status, text) => this.#say(response, status, text),
        failed: ({ code, message }) => host.refused(`static ${code ?? 'error'}`, '', message),
      });
    }
    server.maxHeadersCount = 0; // their bytes are counted: those beyond a number would be ignored
    server.on('request', (request, response) => {
      // for those that ask only: a timer that was ever set stays with its socket, and most become websockets
      request.socket.setTimeout(IDLE_TIMEOUT);
      this.#queue(request, response);
    });
    // node ends the connection otherwise, without a word
    server.on('connect', (request: IncomingMessage) => {
      if (unanswered(request.socket).length > 0) request.socket.destroy();
      else this.answerUpgrade(request, request.socket);
    });
    server.on('clientError', (error, socket) => this.#refuse(error, socket));
  }

  /** @throws GatewayError GW_LISTEN when the certificate or its key cannot be used */
  static async create(context: ListenerContext): Promise<HttpSide> {
    const { address, options, maxHeaderSize } = context;
    const limits = {
      ...LIMITS,
      maxHeaderSize,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE_DELAY,
      ServerResponse: Answer,
    };
    if (address.scheme !== 'wss') return new HttpSide(createServer(limits), context);
    if (options.tls === undefined) {
      const message = `Cannot listen on ${options.url}: wss needs a certificate; expected tls: { cert, key }.`;
      throw new GatewayError('GW_LISTEN', message);
    }
    try {
      const [cert, key] = await Promise.all([readFile(options.tls.cert), readFile(options.tls.key)]);
      const tls = { ...limits, cert, key, handshakeTimeout: LIMITS.headersTimeout };
      return new HttpSide(createTlsServer(tls), context);
    } catch (cause) {
      throw context.failure(cause);
    }
  }

  /** Frees the port at once. What is being answered gets some time. */
  stop(): void {
    this.#stopping = true;
    const timer = this.#context.clock.setTimeout(() => this.server.closeAllConnections(), CLOSE_TIMEOUT);
    this.server.close(() => timer.cancel());
  }

  /** Answers a request to switch to a protocol that we do not have as if it had not asked: Java's client always offers h2c. */
  answerUpgrade(request: IncomingMessage, socket: Socket): void {
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(socket);
    response.on('finish', () => socket.destroySoon());
    // as node does, which has let go of the socket: a large file would stop at its first bytes
    socket.on('drain', () => response.emit('drain'));
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
    if (this.#stopping) response.shouldKeepAlive = false;
    const target = originForm(request.url);
    if (!hasOneHost(request)) {
      response.shouldKeepAlive = false; // whoever passed this on has perhaps seen another request in it than we
      this.#say(response, 400, 'Expected one Host header, with the name of a host.');
    } else if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD');
      this.#say(response, 405, 'Only GET and HEAD are answered here.');
    } else if (splitTarget(target).path === '/healthz') {
      const health = this.#stopping ? 'stopping' : this.#context.host.health;
      response.setHeader('Cache-Control', 'no-store');
      const body = JSON.stringify({ status: health });
      this.#send(response, health === 'ok' ? 200 : 503, 'application/json', body);
    } else if (this.#files !== undefined) {
      void this.#files.answer(request, response, target);
    } else {
      response.setHeader('Upgrade', 'websocket');
      response.setHeader('Connection', response.shouldKeepAlive ? 'Upgrade' : 'Upgrade, close');
      this.#say(response, 426, 'This port is for websockets: connect with a websocket client.');
    }
  }

  #say(response: ServerResponse, status: number, text: string): void {
    this.#send(response, status, 'text/plain; charset=utf-8', `${text}\n`);
  }

  #send(response: ServerResponse, status: number, type: string, body: string): void {
    response.writeHead(status, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) });
    response.end(body);
  }

  /** What is no HTTP, or TLS, or is too long. A connection that was reset, or waited too long with its request, is nothing to report. */
  #refuse(error: NodeJS.ErrnoException, socket: Duplex): void {
    if (this.#ending.has(socket)) return; // the parser does not get over it
    const { code = '', message } = error;
    const malformed = code.startsWith('HPE_');
    const status = REFUSALS[code] ?? 400;
    const text =
      status === 431 ? `More than ${this.#context.maxHeaderSize} bytes of headers (maxHeaderSize).` : message;
    if (malformed || code.startsWith('ERR_SSL')) {
      const from = socket instanceof Socket ? plainAddress(socket.remoteAddress) : '';
      this.#context.host.refused(malformed ? `http ${status}` : 'tls', from, text);
    }
    // one that never said anything, as browsers keep for later, is not told that it was too late
    const asked = malformed || (status === 408 && socket instanceof Socket && socket.bytesRead > 0);
    if (asked && socket.writable) this.#endWith(socket, status, text);
    else socket.destroy();
  }

  /** An answer that is on its way goes out first, and is then the last: what is behind it has no place in its stream. */
  #endWith(socket: Duplex, status: number, text: string): void {
    this.#ending.add(socket);
    socket.removeAllListeners('data');
    const last = unanswered(socket).at(-1);
    if (last === undefined) {
      this.#end(socket, rawAnswer(status, text));
      return;
    }
    socket.pause();
    last.once('close', () => this.#end(socket, ''));
  }

  /** What else comes is thrown away, since bytes that nobody reads would make the system take our answer back. */
  #end(socket: Duplex, bytes: string): void {
    socket.on('data', () => {});
    socket.resume();
    const timer = this.#context.clock.setTimeout(() => socket.destroy(), CLOSE_TIMEOUT);
    socket.once('close', () => timer.cancel());
    socket.end(bytes);
  }
}

/** An answer to what did not become a request. */
function rawAnswer(status: number, text: string): string {
  const body = `${text}\n`;
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Connection: close',
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
  ].join('\r\n');
  return `${head}\r\n\r\n${body}`;
}
