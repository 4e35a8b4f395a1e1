import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type Server as HandshakeServer, WebSocket, WebSocketServer } from 'ws';
import { plainAddress } from '../../net/address.js';
import { certificateOf } from './client-certificate.js';
import { HttpSide } from './http.js';
import { rawAnswer, unanswered } from './http-answer.js';
import { createHttpServer } from './http-server.js';
import { hasOneHost, originForm } from './http-target.js';
import type { ListenerContext } from './listener-context.js';
import type { Listener } from './protocol.js';
import { CLOSE_TIMEOUT } from './timeouts.js';
import { CloseCode, closeFrame } from './ws-frame.js';
import { WsConnection } from './ws-connection.js';

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
  readonly #handshakes: HandshakeServer<typeof UpgradedSocket>;
  #closing = false;

  constructor(context: ListenerContext, http: HttpSide) {
    this.context = context;
    this.#http = http;
    const { subprotocols = [] } = context.options;
    this.#handshakes = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      autoPong: false,
      WebSocket: UpgradedSocket,
      // the first that the client offers among those that there are; else none is claimed (RFC 6455, 4.2.2)
      handleProtocols: (offered) => [...offered].find((name) => subprotocols.includes(name)) ?? false,
    });
    this.#handshakes.on('wsClientError', (error, socket, request) => this.#refuse(error, socket, request));
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
    const admission = this.#closing ? 'full' : this.context.host.admits();
    if (admission === 'full') {
      answer(socket, 503, 'This server takes no more clients at the moment.');
    } else {
      const { headers } = request;
      // `ws` knows no list
      request.headers = { ...headers, upgrade: 'websocket' };
      this.#handshakes.handleUpgrade(request, socket, head, ({ protocol }) => {
        request.headers = headers;
        if (admission === 'unavailable') this.#turnAway(socket);
        else this.#open(request, socket, head, protocol);
      });
    }
  }

  #open(request: IncomingMessage, socket: Socket, head: Buffer, subprotocol: string): void {
    const { method = 'GET', httpVersion, headers } = request;
    const url = originForm(request.url);
    const connection = new WsConnection(this.context, socket, head);
    const certificate = certificateOf(socket);
    this.context.host.opened(connection, { url, method, httpVersion, headers, subprotocol, certificate });
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
    const from = plainAddress(request.socket.remoteAddress);
    answer(socket, 400, `${error.message}.`);
    this.context.host.refused('ws handshake', from, error.message);
  }
}

function ignore(): void {}

/** Whether a websocket is among the protocols that a request would like to switch to (RFC 9110, 7.8). */
function asksForWebsocket({ headers: { upgrade = '' } }: IncomingMessage): boolean {
  return upgrade.split(',').some((protocol) => protocol.trim().toLowerCase() === 'websocket');
}

/** Answers an upgrade that does not become a websocket. Node has let go of the socket by then, its errors included. */
function answer(socket: Duplex, status: number, text: string): void {
  socket.on('error', () => socket.destroy());
  socket.end(rawAnswer(status, text, ['Sec-WebSocket-Version: 13']), () => socket.destroy());
}
