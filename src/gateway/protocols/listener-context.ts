import cluster from 'node:cluster';
import type { IncomingHttpHeaders } from 'node:http';
import type { Server, Socket } from 'node:net';
import { type Clock, systemClock } from '../../base/clock.js';
import type { GatewayError } from '../../base/errors.js';
import { formatListenUrl, type ListenUrl, parseListenUrl } from '../../config/listen-url.js';
import type { GatewayConfig, ListenerConfig } from '../../config/schema.js';
import { UNIX_ADDRESS } from '../../net/address.js';
import { bind, listenError } from '../../net/bind.js';
import { bindSocket, claimSocket, removeSocket } from '../../net/unix-socket.js';
import { AddressLimits } from './address-limits.js';
import { ForwardedHeaders } from './forwarded.js';
import type { ListenerTls } from './listener-tls.js';
import { Origins } from './origins.js';
import type { Admission, ClientHost } from './protocol.js';
import { ProxyProtocol } from './proxy-protocol.js';
import { type Sender, type SenderSource, directSender } from './sender.js';
import { TrustedProxies } from './trusted-proxies.js';
import { Compression } from './ws-compression.js';

/** What the configuration calls an entry of all listeners. */
const KEY = 'gateway.listen';

/** Connections that may wait to be accepted: as many as the operating system allows (net.core.somaxconn), where node has 511. */
const BACKLOG = 65_535;

type Common = Pick<GatewayConfig, 'maxPackageSize' | 'maxHeaderSize' | 'udpIdleTimeout' | 'trustedProxies'>;

/** What a listener is told of the configuration: its own entry, and what all listeners have in common. */
export interface ListenerOptions extends ListenerConfig, Omit<Common, 'maxHeaderSize' | 'trustedProxies'> {
  /** Default: 16 KiB. */
  readonly maxHeaderSize?: number;
  /** Default: none. */
  readonly trustedProxies?: readonly string[];
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
  /** Whose pages may come in by it. */
  readonly origins: Origins;
  /** Whether the heartbeat applies to its clients. */
  readonly heartbeat: boolean;
  /** How websocket messages are compressed, where they are. */
  readonly compression: Compression | undefined;
  /** Milliseconds within which its clients have to have a uid; 0: they need none. */
  readonly authTimeout: number;
  /** Bytes of the longest message taken from a client, its protocol's framing included where it has any. */
  readonly maxPackageSize: number;
  /** Bytes of the request line and headers that a request may have. */
  readonly maxHeaderSize: number;
  /** How much each of its clients may send, if that is limited. */
  readonly rate: ListenerConfig['rate'];
  /** Clients that came in by it and are here: kept by the host. */
  connections = 0;
  /** Bytes that they have sent: kept by its connections. And those of messages that they were sent: by the host. */
  bytesIn = 0;
  bytesOut = 0;
  /** How much one address may take, if there are limits; the host tells who comes and goes. */
  readonly addresses: AddressLimits | undefined;
  /** Who its senders are, where proxies stand in between. */
  readonly #proxied: SenderSource | undefined;

  /** @throws GatewayError GW_LISTEN for a url that is none */
  constructor(options: ListenerOptions, host: ClientHost) {
    this.options = options;
    this.host = host;
    this.clock = options.clock ?? systemClock;
    this.address = parseUrl(options.url);
    this.port = this.address.port;
    this.origins = new Origins(options.origins);
    this.heartbeat = options.heartbeat ?? true;
    const { compression = false } = options;
    this.compression = compression === false ? undefined : new Compression(compression);
    this.authTimeout = (options.authTimeout ?? 0) * 1000;
    this.maxPackageSize = options.maxPackageSize;
    this.maxHeaderSize = options.maxHeaderSize ?? 16_384;
    this.rate = options.rate;
    const {
      maxConnectionsPerAddress = 0,
      newConnectionsPerAddress = 0,
      proxy,
      trustedProxies = [],
    } = options;
    if (maxConnectionsPerAddress + newConnectionsPerAddress > 0) {
      this.addresses = new AddressLimits(options, this.clock);
    }
    if (proxy === 'forwarded') this.#proxied = new ForwardedHeaders(new TrustedProxies(trustedProxies));
    if (proxy === 'proxy-protocol') {
      this.#proxied = new ProxyProtocol(new TrustedProxies(trustedProxies), host, this.clock);
    }
  }

  /** As configured, with the real port: `ws://127.0.0.1:41234`. */
  get url(): string {
    return formatListenUrl({ ...this.address, port: this.port });
  }

  /** Who is at the far end of a connection. @param headers of the request, where there is one */
  senderOf(socket: Socket, headers?: IncomingHttpHeaders): Sender {
    return this.#proxied?.senderOf(socket, headers) ?? directSender(socket);
  }

  /** Whether another client may come in from there: what the host says, and the limits of one address. */
  admits(address: string): Admission {
    const admission = this.addresses?.admit(address) ?? 'welcome';
    if (admission === 'welcome') return this.host.admits();
    const { maxConnectionsPerAddress, newConnectionsPerAddress } = this.options;
    if (admission === 'crowded') {
      const limit = `has the ${maxConnectionsPerAddress} connections that maxConnectionsPerAddress allows`;
      this.host.refused('connections per address', address, `${address} ${limit} on ${this.url}.`);
    } else {
      const limit = `has opened the ${newConnectionsPerAddress} connections a second that newConnectionsPerAddress allows`;
      this.host.refused('new connections per address', address, `${address} ${limit} on ${this.url}.`);
    }
    return admission;
  }

  /** Opens the port or socket, if it is not one of UDP; the server has its listeners. @throws GatewayError GW_LISTEN */
  async bind(server: Server): Promise<void> {
    if (this.#proxied instanceof ProxyProtocol) this.#proxied.guard(server);
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
