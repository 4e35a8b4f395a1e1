import { Buffer } from 'node:buffer';
import { STATUS_CODES } from 'node:http';
import type { HandshakeRefusal } from '../../../wire/handshake-answer.js';
import type { HandshakeFields } from '../handshake-fields.js';
import type { ClientHost, ClientProtocol, HandshakeRequest } from '../protocol.js';
import { CloseCode } from '../ws-frame.js';
import { textFrame } from './engine-packet.js';
import type { EngineSocket, EngineUser } from './engine-socket.js';
import { SocketIoArrival } from './socket-io-arrival.js';
import { Attachments } from './socket-io-attachments.js';
import { SocketIoConnection } from './socket-io-connection.js';
import { MAIN, PacketReader, SocketIoType } from './socket-io-packet.js';
import type { SocketIoServer } from './socket-io-server.js';

/** Namespaces that one connection may be in, or wait for. */
const MOST_NAMESPACES = 32;
/** Bytes of what a client gives for its authentication. */
const LONGEST_AUTH = 64 * 1024;
/** A refusal with this status asks to try again, which clients do when their connection ends, and not when they are refused. */
const UNAVAILABLE = 503;
/** Where a client is told to go away, and may come back, its connection ends: one that is only put out of its namespace stays away. */
const COME_BACK: ReadonlySet<number | undefined> = new Set([1001, 1012, 1013]);

const reader = new PacketReader();

/** What comes over one connection: clients of the gateway, one for each namespace that it asks for. */
export class SocketIoSession implements EngineUser {
  readonly socket: EngineSocket;
  readonly #server: SocketIoServer;
  readonly #connections: SocketIoConnection[] = [];
  #arrivals: SocketIoArrival[] | undefined;
  #attachments: Attachments | undefined;

  constructor(server: SocketIoServer, socket: EngineSocket) {
    this.#server = server;
    this.socket = socket;
    server.idle(this);
  }

  /** Whether nobody is here or asks to be. */
  get isIdle(): boolean {
    return this.#connections.length === 0 && this.#arrivals === undefined;
  }

  // ---- what the connection reports ----

  message(data: Buffer, binary: boolean): void {
    const attachments = this.#attachments;
    if (binary) {
      if (attachments === undefined) this.#forbid('Bytes came that belong to no packet.');
      else if (!attachments.add(data)) this.#tooLong();
      else if (attachments.complete) this.#deliver(attachments);
    } else if (attachments !== undefined) {
      this.#forbid('A packet came before all attachments of the one before.');
    } else if (reader.read(data)) {
      this.#onPacket(data);
    } else {
      const found = JSON.stringify(data.toString('utf8', 0, SHOWN));
      this.#forbid(`A packet that begins with ${found}, which is none of Socket.IO's.`);
    }
  }

  upgraded(frames: ClientProtocol): void {
    for (const connection of this.#connections) {
      connection.protocol = connection.namespace.protocolOn(frames);
    }
  }

  misbehaved(by: 'limit' | 'error', kind: string, message: string): void {
    for (const connection of this.#connections) this.#host.misbehaved(connection, by, kind, message);
    if (this.#connections.length > 0) return;
    this.#host.refused(kind, this.socket.visitor.sender.address, message);
  }

  closed(code: number, reason: string, broken: boolean): void {
    this.#attachments = undefined;
    for (const connection of this.#connections.splice(0)) this.#gone(connection, code, reason, broken);
    for (const arrival of this.#arrivals ?? []) this.#host.left(arrival);
    this.#arrivals = undefined;
    this.#server.busy(this);
  }

  // ---- what its clients want ----

  /** Says to a client that it is in. */
  greet({ namespace }: SocketIoConnection, id: string): void {
    this.socket.write(textFrame(`40${namespace.prefix}{"sid":"${id}"}`));
  }

  pause(connection: SocketIoConnection): void {
    if (!this.#connections.some(({ paused }) => paused)) this.socket.pause();
    connection.paused = true;
  }

  resume(connection: SocketIoConnection): void {
    if (!connection.paused) return;
    connection.paused = false;
    if (!this.#connections.some(({ paused }) => paused)) this.socket.resume();
  }

  /** A client is put out of its namespace. */
  leave(connection: SocketIoConnection, code?: number, reason?: string): void {
    if (COME_BACK.has(code)) {
      this.socket.close(code, reason);
      return;
    }
    connection.open = false;
    this.socket.write(textFrame(`41${connection.namespace.prefix}`));
    process.nextTick(() => this.#remove(connection, code ?? CloseCode.NORMAL));
  }

  /** A client that asked for a namespace may come in. @returns undefined when it has gone */
  welcome(arrival: SocketIoArrival): SocketIoConnection | undefined {
    return this.#takeArrival(arrival) ? this.#enter(arrival.namespace) : undefined;
  }

  /** It may not. */
  refuse(arrival: SocketIoArrival, { status, text }: HandshakeRefusal): void {
    if (!this.#takeArrival(arrival)) return;
    if (status === UNAVAILABLE) {
      this.socket.close(CloseCode.TRY_AGAIN_LATER, text);
      return;
    }
    const message = text === '' ? (STATUS_CODES[status] ?? String(status)) : text;
    this.#refuse(arrival.namespace, { message, data: { status } });
    if (this.isIdle) this.#server.idle(this);
  }

  // ---- packets ----

  #onPacket(data: Buffer): void {
    const { type, namespace, attachments } = reader;
    if (type === SocketIoType.CONNECT) {
      this.#connect(namespace, data.toString('utf8', reader.start));
      return;
    }
    if (type === SocketIoType.DISCONNECT) {
      this.#disconnect(namespace);
      return;
    }
    const message = reader.named(data);
    if (message === undefined) this.#forbid('An event without a name came.');
    else if (attachments === 0) this.#report(namespace, message, false);
    else this.#attachments = new Attachments(namespace, message, attachments, this.#maxPackageSize);
  }

  #connect(name: string, auth: string): void {
    const waits = this.#arrivals?.some(({ namespace }) => namespace === name);
    if (waits === true || this.#connectionIn(name) !== undefined) {
      this.#forbid('A client asked for a namespace that it is in.');
      return;
    }
    const present = this.#connections.length + (this.#arrivals?.length ?? 0);
    if (!this.#server.namespaces.allows(name)) {
      this.#refuse(name, { message: 'Invalid namespace' });
    } else if (present >= MOST_NAMESPACES) {
      this.#refuse(name, { message: `Expected at most ${MOST_NAMESPACES} namespaces of one connection` });
    } else if (auth.length > LONGEST_AUTH) {
      this.#refuse(name, { message: `Expected at most ${LONGEST_AUTH} bytes of auth` });
    } else if (this.#admits(present)) {
      this.#arrive(name, auth);
    } else {
      this.socket.close(CloseCode.TRY_AGAIN_LATER, 'no more clients');
    }
  }

  /** The first client has been looked at when the connection came. */
  #admits(present: number): boolean {
    const { listener, visitor } = this.socket;
    const admission = present === 0 ? listener.host.admits() : listener.admits(visitor.sender.address);
    return admission === 'welcome';
  }

  #arrive(name: string, auth: string): void {
    const handshake: HandshakeRequest = {
      ...(JSON.parse(this.socket.visitor.request) as HandshakeFields),
      subprotocol: '',
      namespace: name,
      ...(auth === '' ? undefined : { auth }),
    };
    this.#server.busy(this);
    if (!this.#host.asks) {
      this.#host.opened(this.#enter(name), handshake);
      return;
    }
    const arrival = new SocketIoArrival(this, name, handshake);
    this.#arrivals = [...(this.#arrivals ?? []), arrival];
    this.#host.arrived(arrival);
  }

  #enter(name: string): SocketIoConnection {
    const connection = new SocketIoConnection(this, this.#server.namespaces.enter(name));
    this.#connections.push(connection);
    return connection;
  }

  #disconnect(name: string): void {
    const connection = this.#connectionIn(name);
    const arrival = this.#arrivals?.find(({ namespace }) => namespace === name);
    if (connection !== undefined) {
      connection.open = false;
      this.#remove(connection, CloseCode.NORMAL);
    } else if (arrival !== undefined && this.#takeArrival(arrival)) {
      this.#host.left(arrival);
      if (this.isIdle) this.#server.idle(this);
    }
  }

  #deliver(attachments: Attachments): void {
    this.#attachments = undefined;
    this.#report(attachments.namespace, attachments.packed(), true);
  }

  /** What comes for a namespace that the client is not in was sent before it knew. */
  #report(namespace: string, message: Buffer, binary: boolean): void {
    const connection = this.#connectionIn(namespace);
    if (connection?.open === true) this.#host.message(connection, message, binary, true);
  }

  /** Says to a client that it may not come in. */
  #refuse(namespace: string, error: { message: string; data?: unknown }): void {
    const prefix = namespace === MAIN ? '' : `${namespace},`;
    this.socket.write(textFrame(`44${prefix}${JSON.stringify(error)}`));
  }

  /** A client is in its namespace no more, over a connection that goes on. */
  #remove(connection: SocketIoConnection, code: number): void {
    const index = this.#connections.indexOf(connection);
    if (index < 0) return;
    this.resume(connection);
    this.#connections.splice(index, 1);
    if (this.isIdle) this.#server.idle(this);
    this.#gone(connection, code, '', false);
  }

  #gone(connection: SocketIoConnection, code: number, reason: string, broken: boolean): void {
    connection.open = false;
    this.#server.namespaces.leave(connection.namespace);
    this.#host.closed(connection, code, reason, broken);
  }

  /** @returns whether it was still waiting */
  #takeArrival(arrival: SocketIoArrival): boolean {
    const others = this.#arrivals?.filter((one) => one !== arrival) ?? [];
    if (others.length === (this.#arrivals?.length ?? 0)) return false;
    this.#arrivals = others.length === 0 ? undefined : others;
    return true;
  }

  #connectionIn(name: string): SocketIoConnection | undefined {
    return this.#connections.find(({ namespace }) => namespace.name === name);
  }

  #forbid(problem: string): void {
    this.socket.refuse('error', 'socket.io packet', problem);
  }

  #tooLong(): void {
    const problem = `A packet with attachments of more than ${this.#maxPackageSize} bytes, the largest size (maxPackageSize).`;
    this.socket.refuse('limit', 'socket.io too long', problem);
  }

  get #maxPackageSize(): number {
    return this.socket.listener.maxPackageSize;
  }

  get #host(): ClientHost {
    return this.socket.listener.host;
  }
}

/** Bytes of a packet that the log shows. */
const SHOWN = 20;
