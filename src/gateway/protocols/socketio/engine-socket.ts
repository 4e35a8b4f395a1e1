import { Buffer } from 'node:buffer';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ListenerContext } from '../listener-context.js';
import type { ClientProtocol } from '../protocol.js';
import type { Sender } from '../sender.js';
import { wsProtocol } from '../ws-frame.js';
import type { EngineHeartbeat } from './engine-heartbeat.js';
import { PING_PACKET, PacketType, textFrame } from './engine-packet.js';
import { EnginePolling } from './engine-polling.js';
import type { EngineTransport, Reporter, TransportHost } from './engine-transport.js';
import { EngineWebSocket, type OpenedWebSocket } from './engine-web-socket.js';

/** Who has come, and how. */
export interface EngineVisitor {
  readonly sender: Sender;
  /** The request that it began with, as HandshakeFields in JSON: it is kept for long, and hardly ever looked at. */
  readonly request: string;
}

/** What a socket's packets are for. */
export interface EngineUser {
  /** A message, without its type. The bytes may be a view of a larger buffer. */
  message(data: Buffer, binary: boolean): void;
  /** What its messages are encoded in from now on. */
  upgraded(protocol: ClientProtocol): void;
  /** The client sent what is forbidden; `closed` follows. */
  misbehaved(by: 'limit' | 'error', kind: string, message: string): void;
  closed(code: number, reason: string, broken: boolean): void;
}

/** What sockets have of their server. */
export interface EngineKeeper {
  readonly listener: ListenerContext;
  readonly heartbeat: EngineHeartbeat;
  /** What a new client is told, in JSON. */
  opening(socket: EngineSocket): string;
  /** A probe has come, and has some time to become the transport. */
  probes(probe: EngineWebSocket): void;
  /** It has, or is gone. */
  probed(probe: EngineWebSocket): void;
  /** It is over, and waits for a GET to say so. */
  lingers(socket: EngineSocket): void;
  /** It is no more. */
  closed(socket: EngineSocket): void;
}

const NO_USER: EngineUser = {
  message() {},
  upgraded() {},
  misbehaved() {},
  closed() {},
};

/**
 * A client of Engine.IO, whatever its packets travel on: a websocket from the beginning, or polling, which a websocket may
 * take over from:
 *
 *     polling ──websocket──► probed: `2probe`, answered `3probe` ──`5`──► websocket
 *
 * From the answer on, each GET is answered at once, until the client has none that waits; then it sends the `5`.
 */
export class EngineSocket implements TransportHost {
  readonly id: string;
  readonly visitor: EngineVisitor;
  readonly #keeper: EngineKeeper;
  #user: EngineUser = NO_USER;
  #transport: EngineTransport;
  /** The websocket that would take over. */
  #probe: EngineWebSocket | undefined;
  #probed = false;
  #open = true;
  #paused = false;
  /** What had come in when it was pinged last. */
  #seen = 0;

  /** @param websocket undefined for polling */
  constructor(
    id: string,
    keeper: EngineKeeper,
    visitor: EngineVisitor,
    websocket: OpenedWebSocket | undefined,
  ) {
    this.id = id;
    this.visitor = visitor;
    this.#keeper = keeper;
    this.#transport =
      websocket === undefined
        ? new EnginePolling(keeper.listener, this)
        : new EngineWebSocket(keeper.listener, websocket, this);
    this.#transport.write(textFrame(`0${keeper.opening(this)}`));
  }

  /** Who has its messages. */
  set user(user: EngineUser) {
    this.#user = user;
  }

  get listener(): ListenerContext {
    return this.#keeper.listener;
  }

  /** What its messages are encoded in. */
  get protocol(): ClientProtocol {
    return this.#transport instanceof EngineWebSocket ? this.#transport.protocol : wsProtocol;
  }

  get polls(): boolean {
    return this.#transport instanceof EnginePolling;
  }

  get bytesIn(): number {
    return this.#transport.bytesIn;
  }

  get bytesOut(): number {
    return this.#transport.bytesOut;
  }

  get bufferedBytes(): number {
    return this.#transport.bufferedBytes;
  }

  /** @param frames as {@link EngineTransport.write} */
  write(frames: Buffer): void {
    if (this.#open) this.#transport.write(frames);
  }

  pause(): void {
    this.#paused = true;
    this.#transport.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#transport.resume();
  }

  close(code?: number, reason?: string): void {
    if (!this.#open) return;
    this.#open = false;
    this.#probe?.destroy();
    this.#transport.close(code, reason);
    if (this.polls) this.#keeper.lingers(this);
  }

  destroy(): void {
    this.#open = false;
    this.#probe?.destroy();
    this.#transport.destroy();
  }

  /** For what stands on it: the client sent what is forbidden. */
  refuse(by: 'limit' | 'error', kind: string, message: string): void {
    if (!this.#open) return;
    this.#user.misbehaved(by, kind, message);
    this.#open = false;
    this.#transport.refuse();
  }

  // ---- requests ----

  /** A GET of a client that polls. */
  get(response: ServerResponse): void {
    (this.#transport as EnginePolling).get(response);
  }

  /** A POST of a client that polls. */
  post(request: IncomingMessage, response: ServerResponse): void {
    (this.#transport as EnginePolling).post(request, response);
  }

  /** A websocket would take over. A client that has one, or is closed, has no use for another. */
  probe(websocket: OpenedWebSocket): void {
    const probe = new EngineWebSocket(this.listener, websocket, this);
    if (!this.#open || !this.polls || this.#probe !== undefined) {
      probe.refuse();
      return;
    }
    this.#probe = probe;
    this.#keeper.probes(probe);
  }

  // ---- the heartbeat ----

  ping(): void {
    this.#seen = this.#received;
    this.write(PING_PACKET);
  }

  /** Whether there is a sign of it since its ping, or could be none. */
  moves(): boolean {
    const received = this.#received;
    const moved = received > this.#seen;
    this.#seen = received;
    return moved || this.#paused;
  }

  get #received(): number {
    const { flow, bytesIn } = this.#transport;
    return flow?.received ?? bytesIn;
  }

  // ---- what transports report ----

  message(transport: Reporter, packet: Buffer, binary: boolean): void {
    if (!this.#open) return;
    if (transport !== this.#transport) {
      this.#onProbe(packet, binary);
    } else if (binary) {
      this.#user.message(packet, true);
    } else {
      this.#onPacket(packet);
    }
  }

  alive(): void {}

  ended(transport: Reporter): void {
    // nothing that could be sent would be of use: its client has closed
    if (transport instanceof EngineWebSocket) transport.finish();
  }

  closed(transport: Reporter, code = 0, reason = '', broken = false): void {
    if (transport === this.#probe) {
      this.#keeper.probed(this.#probe);
      this.#probe = undefined;
      if (this.#transport instanceof EnginePolling) this.#transport.hastens = false;
    }
    if (transport !== this.#transport) return;
    this.#open = false;
    this.#probe?.destroy();
    this.#keeper.heartbeat.delete(this);
    this.#keeper.closed(this);
    this.#user.closed(code, reason, broken);
    this.#user = NO_USER;
  }

  misbehaved(transport: Reporter, by: 'limit' | 'error', kind: string, message: string): void {
    if (transport === this.#transport) this.#user.misbehaved(by, kind, message);
    else this.listener.host.refused(kind, this.visitor.sender.address, message);
  }

  #onPacket(packet: Buffer): void {
    switch (packet[0]) {
      case PacketType.MESSAGE:
        this.#user.message(packet.subarray(1), false);
        break;
      case PacketType.PONG:
        this.#keeper.heartbeat.answered(this);
        break;
      case PacketType.NOOP:
        break;
      case PacketType.CLOSE:
        this.#open = false;
        if (this.#transport instanceof EnginePolling) this.#transport.ended();
        else this.#transport.close();
        break;
      default:
        this.refuse(
          'error',
          'engine.io packet',
          `A packet of the type ${typeOf(packet)}, which no client sends.`,
        );
    }
  }

  #onProbe(packet: Buffer, binary: boolean): void {
    const probe = this.#probe;
    if (probe === undefined) return;
    const { protocol } = probe;
    if (!binary && packet.equals(PROBE)) {
      probe.write(PROBED);
      this.#probed = true;
      const polling = this.#transport as EnginePolling;
      polling.hastens = true;
      polling.hasten();
    } else if (!binary && this.#probed && packet[0] === PacketType.UPGRADE) {
      const polling = this.#transport as EnginePolling;
      this.#keeper.probed(probe);
      this.#probe = undefined;
      this.#transport = probe;
      const waiting = polling.take();
      polling.discard();
      if (waiting.length > 0) probe.write(waiting);
      if (this.#paused) probe.pause();
      this.#user.upgraded(protocol);
    } else {
      this.listener.host.refused(
        'engine.io probe',
        this.visitor.sender.address,
        `A websocket that asked to take over from polling sent a packet of the type ${typeOf(packet)}.`,
      );
      probe.refuse();
    }
  }
}

const PROBE = Buffer.from('2probe');
const PROBED = textFrame('3probe');

function typeOf(packet: Buffer): string {
  return packet.length === 0 ? 'none' : JSON.stringify(packet.toString('latin1', 0, 1));
}
