import type { ListenerContext } from '../listener-context.js';
import type { ClientProtocol, Connection } from '../protocol.js';
import type { Namespace } from './socket-io-namespaces.js';
import type { SocketIoSession } from './socket-io-session.js';

/** A client of the gateway: one that is in a namespace, over a connection that others of its may share. */
export class SocketIoConnection implements Connection {
  protocol: ClientProtocol;
  readonly namespace: Namespace;
  readonly flow = undefined;
  client: unknown = undefined;
  readonly #session: SocketIoSession;
  /** Whether the namespace has not been left. */
  open = true;
  paused = false;

  constructor(session: SocketIoSession, namespace: Namespace) {
    this.#session = session;
    this.namespace = namespace;
    this.protocol = namespace.protocolOn(session.socket.protocol);
  }

  get listener(): ListenerContext {
    return this.#session.socket.listener;
  }

  get remoteAddress(): string {
    return this.#session.socket.visitor.sender.address;
  }

  get remotePort(): number {
    return this.#session.socket.visitor.sender.port;
  }

  /** Of all that share it, as those that follow. */
  get bytesIn(): number {
    return this.#session.socket.bytesIn;
  }

  get bytesOut(): number {
    return this.#session.socket.bytesOut;
  }

  get bufferedBytes(): number {
    return this.#session.socket.bufferedBytes;
  }

  greet(id: string): void {
    this.#session.greet(this, id);
  }

  write(bytes: Buffer): void {
    if (this.open) this.#session.socket.write(bytes);
  }

  /** The connection has a heartbeat of its own. */
  ping(): void {}

  pause(): void {
    if (this.open) this.#session.pause(this);
  }

  resume(): void {
    this.#session.resume(this);
  }

  close(code?: number, reason?: string): void {
    if (this.open) this.#session.leave(this, code, reason);
  }

  /** Never after an `ended`: a client that has left a namespace gets nothing there any more. */
  finish(): void {}

  destroy(): void {
    this.#session.socket.destroy();
  }
}
