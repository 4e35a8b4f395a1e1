import { Deadlines } from '../../../base/deadlines.js';
import type { SocketIoSettings } from '../../../config/socket-io.js';
import type { ListenerContext } from '../listener-context.js';
import type { EngineRelay } from './engine-relay.js';
import { EngineServer } from './engine-server.js';
import { Namespaces } from './socket-io-namespaces.js';
import { SocketIoSession } from './socket-io-session.js';

/** Where its clients look for it. */
const PATH = '/socket.io/';
/** Connections that are in no namespace, of all addresses together: beyond that the one goes that has been so for the longest. */
const MOST_IDLE = 10_000;

/** Socket.IO on a websocket port: what its sessions have in common. */
export class SocketIoServer {
  readonly namespaces: Namespaces;
  readonly #listener: ListenerContext;
  /** Sessions without any client, which the limits of addresses count as one. */
  readonly #idle: Deadlines<SocketIoSession>;

  readonly #mostIdle: number;

  /** What a listener with `socketIo` is opened with. */
  static open(
    listener: ListenerContext,
    settings: SocketIoSettings,
    relay?: EngineRelay,
    mostIdle = MOST_IDLE,
  ): EngineServer {
    const server = new SocketIoServer(listener, settings, mostIdle);
    const { pingInterval, pingTimeout } = settings;
    const times = { pingInterval: pingInterval * 1000, pingTimeout: pingTimeout * 1000 };
    return new EngineServer(
      listener,
      { path: PATH, relay, ...times },
      (socket) => new SocketIoSession(server, socket),
    );
  }

  private constructor(
    listener: ListenerContext,
    { namespaces, connectTimeout }: SocketIoSettings,
    mostIdle: number,
  ) {
    this.#listener = listener;
    this.#mostIdle = mostIdle;
    this.namespaces = new Namespaces(namespaces);
    this.#idle = new Deadlines(listener.clock, connectTimeout * 1000, (session) => this.#late(session));
  }

  /** Nobody is there. */
  idle(session: SocketIoSession): void {
    this.#idle.add(session);
    this.#listener.addresses?.entered(addressOf(session));
    if (this.#idle.size <= this.#mostIdle) return;
    this.#listener.host.refused(
      'socket.io idle',
      addressOf(session),
      `More than ${this.#mostIdle} connections of ${this.#listener.url} are in no namespace: the oldest is ended.`,
    );
    const { oldest } = this.#idle;
    if (oldest === undefined) return;
    this.busy(oldest);
    oldest.socket.destroy();
  }

  /** Somebody is, or asks to be; or the session is over. */
  busy(session: SocketIoSession): void {
    if (this.#idle.delete(session)) this.#listener.addresses?.left(addressOf(session));
  }

  #late(session: SocketIoSession): void {
    this.#listener.addresses?.left(addressOf(session));
    session.socket.close();
  }
}

function addressOf({ socket }: SocketIoSession): string {
  return socket.visitor.sender.address;
}
