import cluster from 'node:cluster';
import type { Server, Socket } from 'node:net';
import { type Clock, systemClock } from '../../base/clock.js';
import type { GatewayError } from '../../base/errors.js';
import { formatListenUrl, type ListenUrl, parseListenUrl } from '../../config/listen-url.js';
import type { GatewayConfig, ListenerConfig } from '../../config/schema.js';
import { UNIX_ADDRESS } from '../../net/address.js';
import { bind, listenError } from '../../net/bind.js';
import { bindSocket, claimSocket, removeSocket } from '../../net/unix-socket.js';
import type { ListenerTls } from './listener-tls.js';
import type { ClientHost } from './protocol.js';

/** What the configuration calls an entry of all listeners. */
const KEY = 'gateway.listen';

/** Connections that may wait to be accepted: as many as the operating system allows (net.core.somaxconn), where node has 511. */
const BACKLOG = 65_535;

type Common = Pick<GatewayConfig, 'maxPackageSize' | 'maxHeaderSize' | 'udpIdleTimeout'>;

/** What a listener is told of the configuration: its own entry, and what all listeners have in common. */
export interface ListenerOptions extends ListenerConfig, Omit<Common, 'maxHeaderSize'> {
  /** Default: 16 KiB. */
  readonly maxHeaderSize?: number;
  /** Where a user's protocol module is compiled to, if not beside it. */
  readonly stateDir?: string;
  /** Default: the machine's own. */
  readonly clock?: Clock;
}

/**
 * A listener as its connections know it: each carries this. Settings that are used as they are configured are in
 * `options`; what is made of one, and what is looked at for every client, is a field.
 *
 * It is there before the port opens, since the first client may come in that moment.
 */
export class ListenerContext {
  readonly options: ListenerOptions;
  /** Whom its connections report to. */
  readonly host: ClientHost;
  readonly clock: Clock;
  /** As configured. */
  readonly address: ListenUrl;
  /** The real port, once it is open; 0 with a unix socket. Two listeners may have the same one: on two addresses, or one with udp. */
  port: number;
  /** Where it has a certificate. */
  tls: ListenerTls | undefined;
  /** Whether the heartbeat applies to its clients. */
  readonly heartbeat: boolean;
  /** Bytes of the longest message taken from a client, its protocol's framing included where it has any. */
  readonly maxPackageSize: number;
  /** Bytes of the request line and headers that a request may have. */
  readonly maxHeaderSize: number;
  /** Clients that came in by it and are here: kept by the host. */
  connections = 0;

  /** @throws GatewayError GW_LISTEN for a url that is none */
  constructor(options: ListenerOptions, host: ClientHost) {
    this.options = options;
    this.host = host;
    this.clock = options.clock ?? systemClock;
    this.address = parseUrl(options.url);
    this.port = this.address.port;
    this.heartbeat = options.heartbeat ?? true;
    this.maxPackageSize = options.maxPackageSize;
    this.maxHeaderSize = options.maxHeaderSize ?? 16_384;
  }

  /** As configured, with the real port: `ws://127.0.0.1:41234`. */
  get url(): string {
    return formatListenUrl({ ...this.address, port: this.port });
  }

  /** Opens the port or socket, if it is not one of UDP. @throws GatewayError GW_LISTEN */
  async bind(server: Server): Promise<void> {
    const { transport, host, port } = this.address;
    if (transport === 'unix') await this.#bindSocket(server);
    else this.port = await bind(server, { host, port, backlog: BACKLOG }, this.options.url, KEY);
  }

  /** After its server is closed: nothing is left of the port or socket. */
  async unbind(): Promise<void> {
    const { transport, path } = this.address;
    // one that several processes share is removed by the first of them, which holds it
    if (transport === 'unix' && cluster.isPrimary) await removeSocket(path);
  }

  /** Why it cannot be opened. */
  failure(cause: unknown): GatewayError {
    return listenError(this.options.url, KEY, cause);
  }

  async #bindSocket(server: Server): Promise<void> {
    // its clients have no addresses; a socket of TLS is another object than what was accepted
    for (const event of ['connection', 'secureConnection']) server.prependListener(event, nameAddress);
    const { url, mode } = this.options;
    const holder = cluster.isPrimary ? process.pid : process.ppid;
    const place = { path: this.address.path, holder, address: url, key: KEY };
    if (cluster.isPrimary) await claimSocket(place);
    await bindSocket(server, place, BACKLOG, mode === undefined ? undefined : Number.parseInt(mode, 8));
  }
}

function nameAddress(socket: Socket): void {
  Object.defineProperty(socket, 'remoteAddress', { value: UNIX_ADDRESS });
}

function parseUrl(url: string): ListenUrl {
  try {
    return parseListenUrl(url);
  } catch (cause) {
    throw listenError(url, KEY, cause);
  }
}
