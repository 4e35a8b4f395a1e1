import type { Server, Socket } from 'node:net';
import type { Clock } from '../base/clock.js';
import { portOf } from '../net/bind.js';
import { type InnerTls, listenInner, splitAddress } from '../net/inner-socket.js';
import type { Logger } from '../base/log.js';
import { LogOnce } from '../base/log-once.js';
import { SecretKey } from '../net/secret-key.js';
import { type Stranger, Strangers } from '../net/strangers.js';
import { encodeRegisterLine } from '../wire/register-line.js';
import { RegisterConnection, type RegisterConnectionListener } from './register-connection.js';

export interface RegisterServerOptions {
  /** `host:port`; port 0 means any free one. */
  readonly listen: string;
  readonly secretKey: string;
  readonly tls?: InnerTls;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * A Register: gateways announce their inner addresses to it, and it tells every worker the whole list whenever one of them
 * comes or goes. It stores nothing: the list is what the connections that are open say, and a Register that starts again is
 * told anew.
 *
 * An address that two connections announce stays until both are gone, as in GatewayWorker. A peer that breaks the rules is
 * closed without an answer; GatewayWorker's Register answers garbage with its bytes, and wrong keys with nothing.
 */
export class RegisterServer implements RegisterConnectionListener {
  /** Connections that were closed for what they did, by kind. */
  readonly refusals = new Map<string, number>();
  readonly #options: RegisterServerOptions;
  readonly #key: SecretKey;
  readonly #problems: LogOnce;
  readonly #strangers = new Strangers((address, why) => {
    this.#refuse('too-many-strangers', address, `had to go: ${why}`);
  });
  /** Who announced what, in the order in which they came. */
  readonly #gateways = new Map<RegisterConnection, string>();
  readonly #workers = new Set<RegisterConnection>();
  /** Who is to be sent the list at the end of this turn of the event loop. */
  readonly #owed = new Set<RegisterConnection>();
  /** What TLS is still negotiated on included. */
  readonly #sockets = new Set<Socket>();
  #server!: Server;
  #port = 0;
  #flush: NodeJS.Immediate | undefined;
  #closed: Promise<void> | undefined;

  private constructor(options: RegisterServerOptions) {
    this.#options = options;
    this.#key = new SecretKey(options.secretKey);
    this.#problems = new LogOnce(options.log, options.clock);
  }

  /** @throws GW_LISTEN */
  static async open(options: RegisterServerOptions): Promise<RegisterServer> {
    const register = new RegisterServer(options);
    await register.#open();
    return register;
  }

  async #open(): Promise<void> {
    const { listen, tls, log } = this.#options;
    const server = await listenInner(
      { ...splitAddress(listen), key: 'register.listen' },
      {
        tls,
        strangers: this.#strangers,
        onSocket: (socket, stranger) => this.#accept(socket, stranger),
      },
    );
    this.#server = server;
    this.#port = portOf(server);
    server.on('connection', (socket) => this.#track(socket));
    server.on('tlsClientError', (error: Error, { remoteAddress }: Socket) => {
      this.#refuse('tls', remoteAddress, `failed the TLS handshake: ${error.message}`);
    });
    // such as no descriptor for a connection: the port stays open, and the peer tries again
    server.on('error', (error) => log.warn({ err: error }, 'the Register could not accept a connection'));
  }

  /** The one that it has got, also once it is closed. */
  get port(): number {
    return this.#port;
  }

  /** `host:port` */
  get address(): string {
    return `${splitAddress(this.#options.listen).host}:${this.#port}`;
  }

  /** The inner addresses of all gateways, each once. */
  get gateways(): string[] {
    return [...new Set(this.#gateways.values())];
  }

  /** Connections that are told the list: workers, and every node of ours. */
  get workers(): number {
    return this.#workers.size;
  }

  /** Closes the port and every connection. */
  close(): Promise<void> {
    this.#closed ??= new Promise((resolve) => {
      this.#server.close(() => resolve());
      for (const socket of this.#sockets) socket.destroy();
      clearImmediate(this.#flush);
      this.#problems.close();
    });
    return this.#closed;
  }

  announced(connection: RegisterConnection, address: string): void {
    const before = this.#gateways.get(connection);
    this.#warnOfTwins(connection, address);
    this.#gateways.set(connection, address);
    if (before !== address) this.#log(connection, address, 'a gateway has come');
    this.#oweAll();
  }

  asked(connection: RegisterConnection): void {
    this.#workers.add(connection);
    this.#owe(connection);
  }

  refused({ remoteAddress }: RegisterConnection, kind: string, problem: string): void {
    this.#refuse(kind, remoteAddress, problem);
  }

  ended(connection: RegisterConnection): void {
    this.#workers.delete(connection);
    this.#owed.delete(connection);
    const address = this.#gateways.get(connection);
    if (address === undefined || this.#closed !== undefined) return;
    this.#gateways.delete(connection);
    this.#log(connection, address, 'a gateway has gone');
    this.#oweAll();
  }

  #track(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
  }

  #accept(socket: Socket, stranger: Stranger): void {
    const { clock } = this.#options;
    // its socket keeps it, and it tells of itself
    void new RegisterConnection(socket, { key: this.#key, clock, stranger, listener: this });
  }

  /** Two machines that announce one address are most often two that kept the same lanIp. */
  #warnOfTwins(connection: RegisterConnection, address: string): void {
    for (const [{ remoteAddress }, taken] of this.#gateways) {
      if (taken !== address || remoteAddress === connection.remoteAddress) continue;
      this.#problems.warn(
        'register-same-address',
        { address, remoteAddress: connection.remoteAddress },
        `Gateways on ${remoteAddress} and ${connection.remoteAddress} both announce ${address}: set lanIp of each to its own address.`,
      );
    }
  }

  #oweAll(): void {
    for (const worker of this.#workers) this.#owe(worker);
  }

  #owe(connection: RegisterConnection): void {
    this.#owed.add(connection);
    this.#flush ??= setImmediate(() => {
      this.#flush = undefined;
      const list = encodeRegisterLine({ event: 'broadcast_addresses', addresses: this.gateways });
      for (const worker of this.#owed) worker.send(list);
      this.#owed.clear();
    });
  }

  #refuse(kind: string, remoteAddress: string | undefined, problem: string): void {
    this.refusals.set(kind, (this.refusals.get(kind) ?? 0) + 1);
    this.#problems.warn(
      `register-${kind}`,
      { remoteAddress },
      `The Register closed a connection from ${remoteAddress}, which ${problem.replace(/\.$/, '')}.`,
    );
  }

  #log({ remoteAddress }: RegisterConnection, gateway: string, message: string): void {
    this.#options.log.info({ gateway, remoteAddress }, message);
  }
}
