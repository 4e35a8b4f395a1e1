import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Deadlines } from '../../../base/deadlines.js';
import { requestOf } from '../handshake-fields.js';
import { originForm, splitTarget } from '../http-target.js';
import type { ListenerContext } from '../listener-context.js';
import { type Sender } from '../sender.js';
import { CLOSE_TIMEOUT } from '../timeouts.js';
import { TURNED_AWAY } from '../turned-away.js';
import { allowOrigin, answerPreflight } from './engine-cors.js';
import { EngineHeartbeat } from './engine-heartbeat.js';
import {
  BAD_METHOD,
  BAD_REQUEST,
  type EngineQuery,
  type EngineRefusal,
  FORBIDDEN,
  OLD_VERSION,
  UNKNOWN_SESSION,
  engineQuery,
} from './engine-query.js';
import type { EngineRelay } from './engine-relay.js';
import { type EngineKeeper, EngineSocket, type EngineUser, type EngineVisitor } from './engine-socket.js';
import type { EngineWebSocket, OpenedWebSocket } from './engine-web-socket.js';

/** Milliseconds that a websocket has to take over from polling. */
const UPGRADE_TIMEOUT = 10_000;
/** Random bytes of a session's id: whoever knows it may send and receive in its client's name. */
const SECRET_BYTES = 18;

/** A websocket's close code. */
const GOING_AWAY = 1001;

export interface EngineSettings {
  /** Path of its requests: `/socket.io/`. */
  readonly path: string;
  /** Milliseconds between two pings. */
  readonly pingInterval: number;
  /** Milliseconds that a client has to answer one. */
  readonly pingTimeout: number;
  /** The way to other processes that share the port, where there are. */
  readonly relay?: EngineRelay | undefined;
}

/** What a websocket's request is answered with: its end, or a way to go on. */
export type EngineWay = EngineRefusal | ((websocket: OpenedWebSocket) => void);

const UNAVAILABLE = { status: 503, text: 'This server has no worker at the moment' };

/** Engine.IO 4 on a websocket port: its sessions, and the requests that are theirs. */
export class EngineServer implements EngineKeeper {
  readonly listener: ListenerContext;
  readonly heartbeat: EngineHeartbeat;
  readonly #settings: EngineSettings;
  readonly #use: (socket: EngineSocket) => EngineUser;
  readonly #sockets = new Map<string, EngineSocket>();
  readonly #probes: Deadlines<EngineWebSocket>;
  readonly #lingering: Deadlines<EngineSocket>;
  #stopping = false;

  /** @param use says what the packets of a new client are for */
  constructor(
    listener: ListenerContext,
    settings: EngineSettings,
    use: (socket: EngineSocket) => EngineUser,
  ) {
    const { clock } = listener;
    this.listener = listener;
    this.heartbeat = new EngineHeartbeat(clock, settings.pingInterval, settings.pingTimeout);
    this.#settings = settings;
    this.#use = use;
    settings.relay?.server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      this.answer(request, response, splitTarget(originForm(request.url)).query);
    });
    this.#probes = new Deadlines(clock, UPGRADE_TIMEOUT, (probe) => probe.destroy());
    this.#lingering = new Deadlines(clock, CLOSE_TIMEOUT, (socket) => socket.destroy());
  }

  /** Whether a request for this path is one of a client of its. */
  takes(path: string): boolean {
    const own = this.#settings.path;
    return path === own || `${path}/` === own;
  }

  /** Takes no new clients, and closes those that are here. */
  stop(): void {
    this.#stopping = true;
    this.relay?.close();
    for (const socket of this.#sockets.values()) socket.close(GOING_AWAY, 'server is stopping');
    if (this.#sockets.size === 0) this.#close();
  }

  /** Answers a request that is none of a websocket's. @param query begins with its question mark */
  answer(request: IncomingMessage, response: ServerResponse, query: string): void {
    const { origins } = this.listener;
    if (!origins.admit(request.headers)) {
      origins.report(this.listener, request, 'socket.io');
      refuse(response, FORBIDDEN);
      return;
    }
    const owner = this.ownerOf(query);
    if (owner !== undefined) {
      this.relay?.passOn(owner, request, response, () => refuse(response, UNKNOWN_SESSION));
      return;
    }
    allowOrigin(request, response, origins.all);
    if (request.method === 'OPTIONS') {
      answerPreflight(request, response);
      return;
    }
    const asked = engineQuery(query);
    const refusal = 'code' in asked ? this.#reported(asked, request) : this.#poll(asked, request, response);
    if (refusal !== undefined) refuse(response, refusal);
  }

  get relay(): EngineRelay | undefined {
    return this.#settings.relay;
  }

  /** The other process whose session a request is about. @param query begins with its question mark */
  ownerOf(query: string): string | undefined {
    return this.relay?.ownerOf(new URLSearchParams(query).get('sid') ?? '');
  }

  /** What becomes of a websocket that asks for its path. @param query begins with its question mark */
  wayOf(request: IncomingMessage, query: string, sender: Sender): EngineWay {
    const asked = engineQuery(query);
    if ('code' in asked) return this.#reported(asked, request);
    const { transport, sid } = asked;
    if (transport !== 'websocket') return BAD_REQUEST;
    if (sid === '') {
      return (
        this.#refusalOf(sender) ??
        ((websocket) => void this.#open({ sender, request: JSON.stringify(requestOf(request)) }, websocket))
      );
    }
    const socket = this.#sockets.get(sid);
    return socket === undefined ? UNKNOWN_SESSION : (websocket) => socket.probe(websocket);
  }

  // ---- what its sockets report ----

  opening(socket: EngineSocket): string {
    const { pingInterval, pingTimeout } = this.#settings;
    const upgrades = socket.polls ? ['websocket'] : [];
    return JSON.stringify({
      sid: socket.id,
      upgrades,
      pingInterval,
      pingTimeout,
      maxPayload: this.listener.maxPackageSize,
    });
  }

  probes(probe: EngineWebSocket): void {
    this.#probes.add(probe);
  }

  probed(probe: EngineWebSocket): void {
    this.#probes.delete(probe);
  }

  lingers(socket: EngineSocket): void {
    this.#lingering.add(socket);
  }

  closed(socket: EngineSocket): void {
    this.#sockets.delete(socket.id);
    this.#lingering.delete(socket);
    if (this.#stopping && this.#sockets.size === 0) this.#close();
  }

  #close(): void {
    this.heartbeat.close();
    this.#probes.close();
    this.#lingering.close();
  }

  #poll(
    { transport, sid }: EngineQuery,
    request: IncomingMessage,
    response: ServerResponse,
  ): EngineRefusal | undefined {
    const { method } = request;
    if (transport !== 'polling') return BAD_REQUEST;
    if (sid === '') {
      if (method !== 'GET') return BAD_METHOD;
      const sender = this.listener.senderOf(request.socket, request.headers);
      const refusal = this.#refusalOf(sender);
      if (refusal === undefined)
        this.#open({ sender, request: JSON.stringify(requestOf(request)) }).get(response);
      return refusal;
    }
    const socket = this.#sockets.get(sid);
    if (socket === undefined) return UNKNOWN_SESSION;
    if (!socket.polls) return BAD_REQUEST;
    if (method === 'GET') socket.get(response);
    else if (method === 'POST') socket.post(request, response);
    else return BAD_METHOD;
    return undefined;
  }

  #open(visitor: EngineVisitor, websocket?: OpenedWebSocket): EngineSocket {
    const secret = randomBytes(SECRET_BYTES).toString('base64url');
    const id = `${this.relay?.prefix ?? ''}${secret}`;
    const socket = new EngineSocket(id, this, visitor, websocket);
    this.#sockets.set(socket.id, socket);
    this.heartbeat.add(socket);
    socket.user = this.#use(socket);
    return socket;
  }

  #refusalOf({ address }: Sender): EngineRefusal | undefined {
    const admission = this.#stopping ? 'full' : this.listener.admits(address);
    if (admission === 'welcome') return undefined;
    const { status, text } = admission === 'unavailable' ? UNAVAILABLE : TURNED_AWAY[admission];
    return { status, code: FORBIDDEN.code, message: text };
  }

  /** Of what is refused, what somebody has to mend who is not there. */
  #reported(refusal: EngineRefusal, { socket, headers }: IncomingMessage): EngineRefusal {
    if (refusal === OLD_VERSION) {
      const { address } = this.listener.senderOf(socket, headers);
      const found = 'A client of another version of Socket.IO was refused';
      this.listener.host.refused('socket.io version', address, `${found}; expected 3 or 4 (EIO=4).`);
    }
    return refusal;
  }
}

function refuse(response: ServerResponse, { status, code, message }: EngineRefusal): void {
  const body = JSON.stringify({ code, message });
  if (status === 429) response.setHeader('Retry-After', '1');
  response.writeHead(status, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(body),
  });
  response.end(body);
}
