import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type Server as HandshakeServer, WebSocket, WebSocketServer } from 'ws';
import type { HandshakeGrant } from '../../wire/handshake-answer.js';
import { SUBPROTOCOL } from '../../wire/subprotocol.js';
import { certificateOf } from './client-certificate.js';
import { HttpSide } from './http.js';
import { rawAnswer, unanswered } from './http-answer.js';
import { createHttpServer } from './http-server.js';
import { hasOneHost, originForm } from './http-target.js';
import type { ListenerContext } from './listener-context.js';
import type { HandshakeRequest, Listener } from './protocol.js';
import { Origins, originOf } from './origins.js';
import type { Sender } from './sender.js';
import { CLOSE_TIMEOUT } from './timeouts.js';
import { WsArrival } from './ws-arrival.js';
import type { Agreement } from './ws-compression.js';
import { CloseCode, type WsProtocol, closeFrame, wsProtocol } from './ws-frame.js';
import { namedProtocol } from './ws-named.js';
import { WsConnection } from './ws-connection.js';

/** Characters of an origin that the log shows. */
const LONGEST_ORIGIN = 200;

const NOTHING: HandshakeGrant = {};

/** What `ws` makes at the end of a handshake, in order to take over the socket: we do that ourselves. */
class UpgradedSocket extends WebSocket {
  setSocket(): void {}
}

/** A websocket port, which answers plain HTTP as well. */
export async function openWsListener(context: ListenerContext): Promise<Listener> {
  const http = new HttpSide(createHttpServer(context), context);
  // before it listens: where processes share a port, the first client comes together with the word that it is open
  const listener = new WsListener(context, http);
  await context.bind(http.server);
  http.server.on('error', (error) => context.host.refused('ws accept', '', error.message));
  return listener;
}

class WsListener implements Listener {
  readonly context: ListenerContext;
  readonly #http: HttpSide;
  readonly #origins: Origins;
  /** What becomes of the handshake that is being looked at, when nothing is wrong with it. */
  #onValid: (complete: (verified: boolean) => void) => void = ignore;
  /** What the client that is being answered was granted. */
  #grant: HandshakeGrant = NOTHING;
  readonly #handshakes: HandshakeServer<typeof UpgradedSocket>;
  /** Of handshakes that are being answered, with those who have offered compression. */
  readonly #agreements = new WeakMap<IncomingMessage, Agreement>();
  #closing = false;

  constructor(context: ListenerContext, http: HttpSide) {
    this.context = context;
    this.#http = http;
    const { subprotocols = [], origins } = context.options;
    this.#origins = new Origins(origins);
    this.#handshakes = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      autoPong: false,
      WebSocket: UpgradedSocket,
      // what was granted, or the first that the client offers among those that there are; else none is claimed (RFC 6455, 4.2.2)
      handleProtocols: (offered) =>
        this.#grant.subprotocol ??
        [...offered].find((name) => name === SUBPROTOCOL || subprotocols.includes(name)) ??
        false,
      verifyClient: (_: unknown, complete: (verified: boolean) => void) => this.#onValid(complete),
    });
    this.#handshakes.on('wsClientError', (error, socket, request) => this.#refuse(error, socket, request));
    this.#handshakes.on('headers', (lines, request) => {
      if (this.#grant.headers !== undefined) lines.push(...this.#grant.headers.map(fieldLine));
      if (context.compression === undefined) return;
      const agreement = this.#agreements.get(request);
      if (agreement !== undefined) lines.push(`Sec-WebSocket-Extensions: ${agreement.header}`);
    });
    // a client that has closed its side still gets its answer; Node ends the other side at once unless it is told twice
    Object.assign(http.server, { allowHalfOpen: true, httpAllowHalfOpen: true });
    http.server.on('upgrade', (request, _, head) => this.#upgrade(request, request.socket, head));
  }

  /** The port is free when this returns. Plain HTTP requests that are being answered get CLOSE_TIMEOUT. */
  async close(): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
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
      this.#refuseOrigin(request, socket);
      return;
    }
    try {
      this.#agree(request);
    } catch (error) {
      this.#refuse(error as Error, socket, request);
      return;
    }
    const sender = this.context.senderOf(socket, request.headers);
    const admission = this.#closing ? 'full' : this.context.admits(sender.address);
    if (admission === 'full') {
      answer(socket, 503, 'This server takes no more clients at the moment.');
    } else if (admission === 'crowded') {
      answer(socket, 429, 'There are too many connections from your address.');
    } else if (admission === 'hurried') {
      answer(socket, 429, 'Connections from your address come too fast.', ['Retry-After: 1']);
    } else {
      const { headers } = request;
      let arrival: WsArrival | undefined;
      this.#onValid = (complete) => {
        if (admission === 'welcome' && this.context.host.asks) {
          const open = (early: Buffer, subprotocol: string): WsConnection =>
            new WsConnection(this.context, this.#messagesOf(request, subprotocol), socket, sender, early);
          const handshake = { ...requestOf(request), headers };
          arrival = this.#arrival(handshake, socket, sender, head, { open, complete });
          this.context.host.arrived(arrival);
        } else {
          complete(true);
        }
      };
      // `ws` knows no list
      request.headers = { ...headers, upgrade: 'websocket' };
      this.#handshakes.handleUpgrade(request, socket, head, ({ protocol: subprotocol }) => {
        request.headers = headers;
        if (admission === 'unavailable') this.#turnAway(socket);
        else if (arrival !== undefined) arrival.upgraded(subprotocol);
        else this.#open(request, socket, sender, head, subprotocol);
      });
      this.#onValid = ignore;
    }
  }

  /** @throws SyntaxError for an offer of compression that has not the form of one */
  #agree(request: IncomingMessage): void {
    const offers = request.headers['sec-websocket-extensions'];
    const agreement = offers === undefined ? undefined : this.context.compression?.agree(offers);
    if (agreement !== undefined) this.#agreements.set(request, agreement);
  }

  #open(request: IncomingMessage, socket: Socket, sender: Sender, head: Buffer, subprotocol: string): void {
    const messages = this.#messagesOf(request, subprotocol);
    const connection = new WsConnection(this.context, messages, socket, sender, head);
    this.context.host.opened(connection, { ...requestOf(request), subprotocol });
  }

  /** How messages look to this client. */
  #messagesOf(request: IncomingMessage, subprotocol: string): WsProtocol {
    const protocol = this.#agreements.get(request)?.protocol ?? wsProtocol;
    return subprotocol === SUBPROTOCOL ? namedProtocol(protocol) : protocol;
  }

  /** A handshake that waits for what the host says to it. */
  #arrival(
    handshake: Omit<HandshakeRequest, 'subprotocol'>,
    socket: Socket,
    sender: Sender,
    head: Buffer,
    {
      open,
      complete,
    }: {
      open: (early: Buffer, subprotocol: string) => WsConnection;
      complete: (verified: boolean) => void;
    },
  ): WsArrival {
    return new WsArrival(this.context, handshake, socket, sender, head, {
      open,
      accept: (grant) => {
        this.#grant = grant;
        complete(true);
        this.#grant = NOTHING;
      },
      refuse: ({ status, text, headers }) => answer(socket, status, text, headers.map(fieldLine)),
    });
  }

  /** There has been no worker for a while, which only a websocket can be told in a way that its script sees. */
  #turnAway(socket: Socket): void {
    socket.on('error', ignore);
    socket.end(closeFrame(CloseCode.TRY_AGAIN_LATER, 'no worker'));
    socket.resume();
    const timer = this.context.clock.setTimeout(() => socket.destroy(), CLOSE_TIMEOUT);
    socket.on('close', () => timer.cancel());
  }

  #refuseOrigin({ headers }: IncomingMessage, socket: Socket): void {
    const origin = JSON.stringify(originOf(headers)?.slice(0, LONGEST_ORIGIN));
    const text = `A page of the origin ${origin} asked for a websocket of the host ${JSON.stringify(headers.host ?? '')}, and was refused.`;
    const remedy = `If it is yours, put its origin into "origins" of the listener ${this.context.options.url} ("*" is for every page), or let the proxy in front pass on the Host that browsers ask for.`;
    answer(socket, 403, 'Pages of this origin may not connect to this port.');
    this.context.host.refused(
      'ws origin',
      this.context.senderOf(socket, headers).address,
      `${text} ${remedy}`,
    );
  }

  #refuse(error: Error, socket: Duplex, request: IncomingMessage): void {
    const { address } = this.context.senderOf(request.socket, request.headers);
    answer(socket, 400, `${error.message}.`);
    this.context.host.refused('ws handshake', address, error.message);
  }
}

function ignore(): void {}

function requestOf({
  url,
  method = 'GET',
  httpVersion,
  headers,
  socket,
}: IncomingMessage): Omit<HandshakeRequest, 'subprotocol'> {
  return { url: originForm(url), method, httpVersion, headers, certificate: certificateOf(socket) };
}

function fieldLine([name, value]: readonly [name: string, value: string]): string {
  return `${name}: ${value}`;
}

/** Whether a websocket is among the protocols that a request would like to switch to (RFC 9110, 7.8). */
function asksForWebsocket({ headers: { upgrade = '' } }: IncomingMessage): boolean {
  return upgrade.split(',').some((protocol) => protocol.trim().toLowerCase() === 'websocket');
}

/** Answers an upgrade that does not become a websocket. Node has let go of the socket by then, its errors included. */
function answer(socket: Duplex, status: number, text: string, fields: readonly string[] = []): void {
  socket.on('error', () => socket.destroy());
  socket.end(rawAnswer(status, text, ['Sec-WebSocket-Version: 13', ...fields]), () => socket.destroy());
}
