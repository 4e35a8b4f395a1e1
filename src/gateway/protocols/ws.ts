import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { SUBPROTOCOL } from '../../wire/subprotocol.js';
import { requestOf } from './handshake-fields.js';
import { HttpSide } from './http.js';
import { fieldLine, rawAnswer, unanswered } from './http-answer.js';
import { createHttpServer } from './http-server.js';
import { hasOneHost, originForm, splitTarget } from './http-target.js';
import type { ListenerContext } from './listener-context.js';
import type { Listener } from './protocol.js';
import type { Origins } from './origins.js';
import type { Sender } from './sender.js';
import type { EngineServer } from './socketio/engine-server.js';
import { CLOSE_TIMEOUT } from './timeouts.js';
import { TURNED_AWAY } from './turned-away.js';
import { WsArrival } from './ws-arrival.js';
import type { Agreement } from './ws-compression.js';
import { CloseCode, type WsProtocol, closeFrame, wsProtocol } from './ws-frame.js';
import { namedProtocol } from './ws-named.js';
import { WsConnection } from './ws-connection.js';
import { type Accept, WsHandshakes, asksForWebsocket } from './ws-handshakes.js';

/** A websocket port, which answers plain HTTP as well. @param engine what it has of Engine.IO */
export async function openWsListener(context: ListenerContext, engine?: EngineServer): Promise<Listener> {
  const http = new HttpSide(createHttpServer(context), context, engine);
  // before it listens: where processes share a port, the first client comes together with the word that it is open
  const listener = new WsListener(context, http, engine);
  await context.bind(http.server);
  http.server.on('error', (error) => context.host.refused('ws accept', '', error.message));
  return listener;
}

class WsListener implements Listener {
  readonly context: ListenerContext;
  readonly #http: HttpSide;
  readonly #origins: Origins;
  readonly #engine: EngineServer | undefined;
  readonly #handshakes: WsHandshakes;
  #closing = false;

  constructor(context: ListenerContext, http: HttpSide, engine: EngineServer | undefined) {
    this.context = context;
    this.#http = http;
    this.#engine = engine;
    this.#origins = context.origins;
    const { subprotocols = [] } = context.options;
    this.#handshakes = new WsHandshakes([SUBPROTOCOL, ...subprotocols], (error, socket, request) =>
      this.#refuse(error, socket, request),
    );
    // a client that has closed its side still gets its answer; Node ends the other side at once unless it is told twice
    Object.assign(http.server, { allowHalfOpen: true, httpAllowHalfOpen: true });
    for (const server of [http.server, engine?.relay?.server]) {
      server?.on('upgrade', (request, _, head) => this.#upgrade(request, request.socket, head));
    }
  }

  /** The port is free when this returns. Plain HTTP requests that are being answered get CLOSE_TIMEOUT. */
  async close(): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    this.#engine?.stop();
    this.#http.stop();
    await this.context.unbind();
  }

  #upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    if (unanswered(socket).length > 0) {
      // what is still being answered would get into the new protocol's stream
      socket.destroy();
      return;
    }
    if (!asksForWebsocket(request)) {
      this.#http.answerUpgrade(request, socket);
      return;
    }
    if (!hasOneHost(request)) {
      answer(socket, 400, 'Expected one Host header, with the name of a host.');
      return;
    }
    if (!this.#origins.admit(request.headers)) {
      answer(socket, 403, 'Pages of this origin may not connect to this port.');
      this.#origins.report(this.context, request, 'ws');
      return;
    }
    let agreement: Agreement | undefined;
    try {
      agreement = this.#agree(request);
    } catch (error) {
      this.#refuse(error as Error, socket, request);
      return;
    }
    const sender = this.context.senderOf(socket, request.headers);
    const engine = this.#engine;
    if (engine !== undefined) {
      const { path, query } = splitTarget(originForm(request.url));
      if (engine.takes(path)) {
        this.#upgradeForEngine(engine, request, sender, head, query, agreement);
        return;
      }
    }
    const admission = this.#closing ? 'full' : this.context.admits(sender.address);
    if (admission === 'welcome') {
      if (this.context.host.asks) this.#ask(request, socket, sender, head, agreement);
      else this.#open(request, socket, sender, head, agreement);
    } else if (admission === 'unavailable') {
      this.#handshakes.answer(request, socket, head, undefined, () => this.#turnAway(socket));
    } else {
      const { status, text } = TURNED_AWAY[admission];
      answer(socket, status, `${text}.`, admission === 'hurried' ? ['Retry-After: 1'] : []);
    }
  }

  #upgradeForEngine(
    engine: EngineServer,
    request: IncomingMessage,
    sender: Sender,
    head: Buffer,
    query: string,
    agreement: Agreement | undefined,
  ): void {
    const { socket } = request;
    const owner = engine.ownerOf(query);
    if (owner !== undefined) {
      engine.relay?.passOnWebSocket(owner, request, head);
      return;
    }
    const way = engine.wayOf(request, query, sender);
    if (typeof way !== 'function') {
      answer(socket, way.status, `${way.message}.`);
      return;
    }
    this.#handshakes.answer(request, socket, head, agreement?.header, (subprotocol) => {
      way({ protocol: protocolOf(agreement, subprotocol), socket, sender, head });
    });
  }

  /** @throws SyntaxError for an offer of compression that has not the form of one */
  #agree({ headers }: IncomingMessage): Agreement | undefined {
    const offers = headers['sec-websocket-extensions'];
    return offers === undefined ? undefined : this.context.compression?.agree(offers);
  }

  #open(
    request: IncomingMessage,
    socket: Socket,
    sender: Sender,
    head: Buffer,
    agreement: Agreement | undefined,
  ): void {
    const { headers } = request;
    this.#handshakes.answer(request, socket, head, agreement?.header, (subprotocol) => {
      const connection = new WsConnection(
        this.context,
        protocolOf(agreement, subprotocol),
        socket,
        sender,
        head,
      );
      this.context.host.opened(connection, { ...requestOf(request, headers), subprotocol });
    });
  }

  /** Has the host say whether it may come in. */
  #ask(
    request: IncomingMessage,
    socket: Socket,
    sender: Sender,
    head: Buffer,
    agreement: Agreement | undefined,
  ): void {
    const handshake = requestOf(request);
    let arrival: WsArrival | undefined;
    const onValid = (accept: Accept): void => {
      arrival = new WsArrival(this.context, handshake, socket, sender, head, {
        accept: (grant) => accept(grant, agreement?.header),
        open: (early, subprotocol) =>
          new WsConnection(this.context, protocolOf(agreement, subprotocol), socket, sender, early),
        refuse: ({ status, text, headers }) => answer(socket, status, text, headers.map(fieldLine)),
      });
      this.context.host.arrived(arrival);
    };
    this.#handshakes.check(request, socket, head, onValid, (subprotocol) => arrival?.upgraded(subprotocol));
  }

  /** There has been no worker for a while, which only a websocket can be told in a way that its script sees. */
  #turnAway(socket: Socket): void {
    socket.on('error', ignore);
    socket.end(closeFrame(CloseCode.TRY_AGAIN_LATER, 'no worker'));
    socket.resume();
    const timer = this.context.clock.setTimeout(() => socket.destroy(), CLOSE_TIMEOUT);
    socket.on('close', () => timer.cancel());
  }

  #refuse(error: Error, socket: Duplex, request: IncomingMessage): void {
    const { address } = this.context.senderOf(request.socket, request.headers);
    answer(socket, 400, `${error.message}.`);
    this.context.host.refused('ws handshake', address, error.message);
  }
}

function ignore(): void {}

/** How messages look to a client. */
function protocolOf(agreement: Agreement | undefined, subprotocol: string): WsProtocol {
  const protocol = agreement?.protocol ?? wsProtocol;
  return subprotocol === SUBPROTOCOL ? namedProtocol(protocol) : protocol;
}

/** Answers an upgrade that does not become a websocket. Node has let go of the socket by then, its errors included. */
function answer(socket: Duplex, status: number, text: string, fields: readonly string[] = []): void {
  socket.on('error', () => socket.destroy());
  socket.end(rawAnswer(status, text, ['Sec-WebSocket-Version: 13', ...fields]), () => socket.destroy());
}
