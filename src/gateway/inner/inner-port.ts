import type { Server, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { GatewayError } from '../../base/errors.js';
import { portOf } from '../../net/bind.js';
import { type InnerTls, listenInner } from '../../net/inner-socket.js';
import { type Stranger, Strangers } from '../../net/strangers.js';
import { InnerConnection } from './inner-connection.js';
import type { InnerHost } from './inner-host.js';
import type { InnerWorkers } from './inner-worker.js';
import { plainAddress } from '../../net/address.js';

/** What the configuration calls its address: port; host. */
const KEYS = 'gateway.lanPort; gateway.innerListen or gateway.lanIp';

/**
 * A gateway's inner port, by which workers of other nodes and GatewayClients come. It is bound before there is a gateway,
 * since its port is part of the gateway's address: who comes before {@link serve} waits.
 */
export class InnerPort {
  readonly #early: (readonly [socket: Socket, stranger: Stranger])[] = [];
  readonly #strangers = new Strangers((address, why) => {
    const error = new GatewayError('GW_FRAME', `A connection had to go: ${why}.`);
    this.#host?.innerRefused('strangers', plainAddress(address), error);
  });
  readonly #connections = new Set<InnerConnection>();
  readonly #workers: InnerWorkers = new Map();
  #server!: Server;
  #host: InnerHost | undefined;
  #closed: Promise<void> | undefined;

  private constructor() {}

  /** @throws GW_LISTEN */
  static async open({ host, port, tls }: { host: string; port: number; tls?: InnerTls }): Promise<InnerPort> {
    const innerPort = new InnerPort();
    innerPort.#server = await listenInner(
      { host, port, key: KEYS },
      {
        tls,
        strangers: innerPort.#strangers,
        onSocket: (socket, stranger) => innerPort.#take(socket, stranger),
      },
    );
    innerPort.#server.on('tlsClientError', (error: Error, socket: TLSSocket) => {
      const address = `${plainAddress(socket.remoteAddress)}:${socket.remotePort ?? 0}`;
      innerPort.#host?.innerRefused('tls', address, error);
    });
    // accept() itself can fail; the port stays open
    innerPort.#server.on('error', (error) => innerPort.#host?.innerRefused('accept', '', error));
    return innerPort;
  }

  /** The real port. */
  get port(): number {
    return portOf(this.#server);
  }

  /** Begins to take connections. */
  serve(host: InnerHost): void {
    this.#host = host;
    if (!host.inner.guarded) this.#strangers.longest = host.inner.maxFrameLength;
    for (const [socket, stranger] of this.#early.splice(0)) this.#take(socket, stranger);
  }

  /**
   * Frees the port and ends every connection once what it was sent has left. A second call joins the first.
   *
   * @param timeout milliseconds after which connections whose far end does not take it are ended at once
   */
  close(timeout: number): Promise<void> {
    this.#closed ??= this.#close(timeout);
    return this.#closed;
  }

  async #close(timeout: number): Promise<void> {
    const portFreed = new Promise<void>((resolve) => void this.#server.close(() => resolve()));
    for (const [socket] of this.#early.splice(0)) socket.destroy();
    const timer = this.#host?.clock.setTimeout(() => {
      for (const connection of this.#connections) connection.destroy();
    }, timeout);
    await Promise.all(Array.from(this.#connections, (connection) => connection.close()));
    timer?.cancel();
    await portFreed;
  }

  #take(socket: Socket, stranger: Stranger): void {
    // a connection that nobody listens to yet may break as well
    if (this.#host === undefined) this.#early.push([socket.on('error', () => {}), stranger]);
    else if (this.#closed !== undefined || socket.destroyed) socket.destroy();
    else this.#connect(socket, stranger, this.#host);
  }

  #connect(socket: Socket, stranger: Stranger, host: InnerHost): void {
    const connection = new InnerConnection(socket, stranger, host, this.#workers, () => {
      this.#connections.delete(connection);
    });
    this.#connections.add(connection);
  }
}
