import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Clock } from '../base/clock.js';
import { GatewayError } from '../base/errors.js';
import type { Logger } from '../base/log.js';
import { ADMIN_PORT } from '../config/admin-rules.js';
import type { AdminConfig } from '../config/schema.js';
import type { ListenerTls } from '../gateway/protocols/listener-tls.js';
import { listenError, listening, portOf } from '../net/bind.js';
import { splitAddress } from '../net/inner-socket.js';
import type { AdminLink } from '../ops/requests/admin.js';
import { Exchange } from './exchange.js';
import { Guard } from './guard.js';
import { Hosts } from './hosts.js';
import { errorBody, Refusal, statusOf } from './refusal.js';
import { Retries } from './retries.js';
import type { AdminContext, AdminNode, Route } from './route.js';
import { routes } from './routes.js';

const DEFAULT_LISTEN = `127.0.0.1:${ADMIN_PORT}`;
const KEY = 'admin.listen';
/** Connections at once, and what bounds a request, in milliseconds and bytes. */
const MAX_CONNECTIONS = 256;
const LIMITS = {
  headersTimeout: 10_000,
  requestTimeout: 20_000,
  connectionsCheckingInterval: 500,
  keepAliveTimeout: 5_000,
  maxHeaderSize: 16 * 1024,
};

export interface AdminServerOptions {
  readonly config: AdminConfig;
  readonly node: AdminNode;
  readonly calls: AdminContext['calls'];
  /** Of this package. */
  readonly version: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The admin listener of a process: HTTP for those who run the node, and who push to its clients. */
export class AdminServer {
  readonly #options: AdminServerOptions;
  readonly #guard: Guard;
  readonly #context: AdminContext;
  readonly #hosts: Hosts;
  readonly #server: Server;
  /** By path, and then by method. */
  readonly #routes: ReadonlyMap<string, ReadonlyMap<string, Route>>;
  readonly #tls: ListenerTls | undefined;
  #port = 0;

  private constructor(options: AdminServerOptions, tls: ListenerTls | undefined) {
    const { config, clock } = options;
    this.#options = options;
    this.#hosts = new Hosts([...config.hosts, hostOf(config.listen || DEFAULT_LISTEN)]);
    this.#guard = new Guard({ token: config.token, hosts: this.#hosts, port: () => this.#port, clock });
    this.#routes = byPath(routes);
    const { readOnly } = config;
    this.#context = { ...options, guard: this.#guard, retries: new Retries(clock), readOnly };
    const serve: RequestListener = (request, response) => void this.#serve(request, response);
    this.#tls = tls;
    this.#server = tls === undefined ? createServer(LIMITS, serve) : tlsServer(tls, serve);
    this.#server.maxConnections = MAX_CONNECTIONS;
  }

  /**
   * Opens the port. Where none is configured and the usual one is taken, as by another node on this machine, any free one.
   *
   * @throws GW_LISTEN, GW_TLS
   */
  static async open(options: AdminServerOptions): Promise<AdminServer> {
    const { tls, listen } = options.config;
    const admin = new AdminServer(options, tls && (await readTls(tls, listen || DEFAULT_LISTEN)));
    await admin.#listen();
    return admin;
  }

  get link(): AdminLink {
    const { listen, token } = this.#options.config;
    const host = hostOf(listen || DEFAULT_LISTEN);
    const named = host === '0.0.0.0' || host === '[::]' ? 'localhost' : host;
    const url = `${this.#tls === undefined ? 'http' : 'https'}://${named}:${this.#port}/`;
    return { url, link: `${url}#token=${encodeURIComponent(this.#guard.token)}`, ownToken: token !== '' };
  }

  /** Reads its certificates anew. @returns puts them to use. @throws GW_TLS */
  async readCertificates(): Promise<() => void> {
    const certificates = await this.#tls?.read();
    return () => certificates && this.#tls?.use(certificates);
  }

  /** Ends every connection, and frees the port. */
  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  async #listen(): Promise<void> {
    const { config, log } = this.#options;
    const address = config.listen || DEFAULT_LISTEN;
    const { port } = splitAddress(address);
    const host = hostOf(address).replace(/^\[(.*)\]$/, '$1');
    try {
      await listening(this.#server, { host, port, exclusive: true });
    } catch (cause) {
      if (config.listen !== '' || (cause as NodeJS.ErrnoException).code !== 'EADDRINUSE') {
        throw listenError(address, KEY, cause);
      }
      await listening(this.#server, { host, port: 0, exclusive: true });
      log.info(`${address} is taken, so the admin listener has ${host}:${portOf(this.#server)}`);
    }
    this.#port = portOf(this.#server);
    this.#server.on('error', (error) => log.warn({ err: error }, 'the admin listener failed'));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const exchange = new Exchange(request, response);
    // of one that hangs up in the middle nobody is left to be told
    response.on('error', () => {});
    try {
      const route = await this.#admit(exchange);
      await route.handle(exchange, this.#context);
    } catch (error) {
      this.#fail(exchange, error);
    }
  }

  /** The route that is asked for, if this may be asked. @throws Refusal */
  async #admit(exchange: Exchange): Promise<Route> {
    const { path } = exchange;
    const methods = this.#routes.get(path) ?? this.#routes.get(path.replace(/[^/]+$/, '*'));
    const route = methods?.get(exchange.method);
    // what everybody may see says nothing that another page could make use of
    if (route?.open !== true || exchange.method !== 'GET') this.#hosts.checkHost(exchange.request.headers);
    // who may not ask is not told what there is, either
    if (route?.open !== true) await this.#guard.check(exchange);
    if (methods === undefined) {
      throw new Refusal(404, `${shown(exchange.path)} is no path of the admin listener.`);
    }
    if (route === undefined) {
      const allowed = [...methods.keys()].join(', ');
      throw new Refusal(
        405,
        `${exchange.path} does not take ${shown(exchange.request.method ?? '')}; expected ${allowed}.`,
        { headers: { Allow: allowed } },
      );
    }
    if (route.changes === true && this.#options.config.readOnly) {
      throw new Refusal(403, `${exchange.path} changes something, and admin.readOnly is true.`);
    }
    return route;
  }

  #fail(exchange: Exchange, error: unknown): void {
    const { node, log } = this.#options;
    if (!(error instanceof GatewayError)) {
      // the other end has gone in the middle of its request: nobody is left to be told
      if (exchange.request.errored !== null) return;
      log.error({ err: error, path: exchange.path }, 'a request to the admin listener failed');
    }
    // nothing else can be asked of a node that is not up
    const early = error instanceof GatewayError && error.code === 'GW_CONTROL' && node.phase !== 'up';
    const headers = error instanceof Refusal ? error.headers : {};
    exchange.sendJson(early ? 503 : statusOf(error), errorBody(error), headers);
  }
}

async function readTls(config: NonNullable<AdminConfig['tls']>, listen: string): Promise<ListenerTls> {
  const { ListenerTls: Tls } = await import('../gateway/protocols/listener-tls.js');
  return await Tls.open(config, `https://${listen}`);
}

function tlsServer(tls: ListenerTls, serve: RequestListener): Server {
  const server = createTlsServer({ ...LIMITS, ...tls.options }, serve);
  tls.serve(server);
  return server;
}

function byPath(all: readonly Route[]): ReadonlyMap<string, ReadonlyMap<string, Route>> {
  const paths = new Map<string, Map<string, Route>>();
  for (const route of all) {
    const methods = paths.get(route.path) ?? new Map<string, Route>();
    paths.set(route.path, methods.set(route.method, route));
  }
  return paths;
}

/** As a url has it: an IPv6 address in brackets. */
function hostOf(address: string): string {
  return splitAddress(address).host;
}

function shown(text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text);
}
