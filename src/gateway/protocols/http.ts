import { type IncomingMessage, type Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { unanswered } from './http-answer.js';
import { HttpExchanges } from './http-exchanges.js';
import { HttpRefusals } from './http-refusals.js';
import { hasOneHost, originForm, splitTarget } from './http-target.js';
import type { ListenerContext } from './listener-context.js';
import type { EngineServer } from './socketio/engine-server.js';
import { StaticFiles, type StaticSite } from './static-files.js';
import { CLOSE_TIMEOUT } from './timeouts.js';

/**
 * Milliseconds that a response may stand still because the client does not read. The systems of both sides hold some
 * megabytes, and take the next bytes only when a good part of them is gone: minutes, with a slow line.
 */
const IDLE_TIMEOUT = 300_000;

/** Where pages find the client, and the folder that has it under this name: what `npm run build` has made of src/browser. */
const CLIENT_PATH = '/gatewayworker.js';
const CLIENT_FOLDER = fileURLToPath(new URL('../../browser/', import.meta.url));

/** The plain HTTP side of a websocket port: health, static files, and a word to those who expect something else. */
export class HttpSide {
  /** Upgrades are the owner's to handle. */
  readonly server: Server;
  readonly #context: ListenerContext;
  readonly #files: StaticFiles | undefined;
  readonly #clientFiles: StaticFiles;
  readonly #exchanges: HttpExchanges;
  readonly #engine: EngineServer | undefined;
  #stopping = false;

  /** @param engine has the requests of its path */
  constructor(server: Server, context: ListenerContext, engine?: EngineServer) {
    this.server = server;
    this.#context = context;
    this.#engine = engine;
    const { options, host } = context;
    const site: StaticSite = {
      say: (response, status, text) => this.#say(response, status, text),
      missing: (request, response, target) => this.#missing(request, response, target),
      failed: ({ code, message }) => host.refused(`static ${code ?? 'error'}`, '', message),
    };
    if (options.static !== undefined) this.#files = new StaticFiles(options.static, site);
    this.#clientFiles = new StaticFiles(CLIENT_FOLDER, {
      ...site,
      missing: (_, response) => this.#say(response, 404, 'This package was not built: run npm run build.'),
    });
    this.#exchanges = new HttpExchanges(context, (response, status, text) =>
      this.#say(response, status, text),
    );
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
    const refusals = new HttpRefusals(context);
    server.on('clientError', (error, socket) => refusals.refuse(error, socket));
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
    const { path, query } = splitTarget(target);
    if (!hasOneHost(request)) {
      response.shouldKeepAlive = false; // whoever passed this on has perhaps seen another request in it than we
      this.#say(response, 400, 'Expected one Host header, with the name of a host.');
    } else if (this.#engine?.takes(path) === true) {
      this.#engine.answer(request, response, query);
    } else if (request.method !== 'GET' && request.method !== 'HEAD') {
      if (this.#context.host.answers) {
        this.#exchange(request, response, target);
        return;
      }
      response.setHeader('Allow', 'GET, HEAD');
      this.#say(response, 405, 'Only GET and HEAD are answered here.');
    } else if (path === '/healthz') {
      const health = this.#stopping ? 'stopping' : this.#context.host.health;
      response.setHeader('Cache-Control', 'no-store');
      const body = JSON.stringify({ status: health });
      this.#send(response, health === 'ok' ? 200 : 503, 'application/json', body);
    } else if (this.#files !== undefined) {
      void this.#files.answer(request, response, target);
    } else if (path === CLIENT_PATH) {
      this.#sendClient(request, response);
    } else if (this.#context.host.answers) {
      this.#exchange(request, response, target);
    } else {
      response.setHeader('Upgrade', 'websocket');
      response.setHeader('Connection', response.shouldKeepAlive ? 'Upgrade' : 'Upgrade, close');
      this.#say(response, 426, 'This port is for websockets: connect with a websocket client.');
    }
  }

  #missing(request: IncomingMessage, response: ServerResponse, target: string): void {
    if (splitTarget(target).path === CLIENT_PATH) this.#sendClient(request, response);
    else if (this.#context.host.answers) this.#exchange(request, response, target);
    else this.#say(response, 404, 'There is no such file. This port is for websockets too.');
  }

  /** The client, to any page: a module of another host is not run otherwise. */
  #sendClient(request: IncomingMessage, response: ServerResponse): void {
    response.setHeader('Access-Control-Allow-Origin', '*');
    void this.#clientFiles.answer(request, response, CLIENT_PATH);
  }

  /** The application answers. */
  #exchange(request: IncomingMessage, response: ServerResponse, target: string): void {
    if (this.#stopping) this.#say(response, 503, 'The server is stopping.');
    else this.#exchanges.take(request, response, target);
  }

  #say(response: ServerResponse, status: number, text: string): void {
    this.#send(response, status, 'text/plain; charset=utf-8', `${text}\n`);
  }

  #send(response: ServerResponse, status: number, type: string, body: string): void {
    response.writeHead(status, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) });
    response.end(body);
  }
}
