import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type Server as HandshakeServer, WebSocketServer } from 'ws';
import { systemClock } from '../../clock.js';
import type { ListenUrl } from '../../config/listen-url.js';
import { openUrl, plainAddress } from './address.js';
import { bind } from './bind.js';
import { HttpSide } from './http.js';
import type { ClientHost, Listener, ListenerOptions } from './protocol.js';
import { CLOSE_TIMEOUT } from './timeouts.js';
import { ClientWebSocket, type WsPort, WsTransport } from './ws-transport.js';

/** The close code for a client that comes while there is no worker. */
const TRY_AGAIN_LATER = 1013;

/** A websocket port, which answers plain HTTP as well. */
export async function openWsListener(
  options: ListenerOptions,
  address: ListenUrl,
  host: ClientHost,
): Promise<Listener> {
  const http = await HttpSide.create(options, host);
  const port = await bind(http.server, options.url, address);
  return new WsListener(options, openUrl(address, port), { host, port }, http);
}

class WsListener implements Listener {
  readonly url: string;
  readonly #options: ListenerOptions;
  readonly #shared: WsPort;
  readonly #http: HttpSide;
  readonly #handshakes: HandshakeServer<typeof ClientWebSocket>;
  #closing = false;

  constructor(options: ListenerOptions, url: string, shared: WsPort, http: HttpSide) {
    this.url = url;
    this.#options = options;
    this.#shared = shared;
    this.#http = http;
    const serverOptions = {
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: options.maxPackageSize,
      WebSocket: ClientWebSocket,
      closeTimeout: CLOSE_TIMEOUT, // @types/ws does not know it yet
    };
    this.#handshakes = new WebSocketServer(serverOptions);
    this.#handshakes.on('wsClientError', (error, socket, request) => this.#refuse(error, socket, request));
    http.server.on('upgrade', (request, _, head) => this.#upgrade(request, request.socket, head));
    http.server.on('error', (error) => shared.host.refused('ws accept', '', error.message));
  }

  /** The port is free when this returns. Plain HTTP requests that are being answered get CLOSE_TIMEOUT. */
  async close(): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    this.#http.stop(this.#options.clock ?? systemClock);
  }

  #upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    if (request.headers.upgrade?.toLowerCase() !== 'websocket') {
      this.#http.answerUpgrade(request, socket);
      return;
    }
    const admission = this.#closing ? 'full' : this.#shared.host.admits();
    if (admission === 'full') {
      answer(socket, '503 Service Unavailable', 'This server takes no more clients at the moment.');
    } else {
      this.#handshakes.handleUpgrade(request, socket, head, (ws) => {
        if (admission === 'unavailable') {
          ws.on('error', ignore);
          ws.close(TRY_AGAIN_LATER, 'no worker');
          return;
        }
        const { url = '/', method = 'GET', httpVersion, headers } = request;
        const transport = new WsTransport(this.#shared, ws, socket);
        this.#shared.host.opened(transport, { url, method, httpVersion, headers });
      });
    }
  }

  #refuse(error: Error, socket: Duplex, request: IncomingMessage): void {
    const from = plainAddress(request.socket.remoteAddress ?? '');
    answer(socket, '400 Bad Request', `${error.message}.`);
    this.#shared.host.refused('ws handshake', from, error.message);
  }
}

function ignore(): void {}

/** Answers an upgrade that does not become a websocket. Node has let go of the socket by then, its errors included. */
function answer(socket: Duplex, status: string, text: string): void {
  socket.on('error', () => socket.destroy());
  const body = `${text}\n`;
  const head = [
    `HTTP/1.1 ${status}`,
    'Connection: close',
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Sec-WebSocket-Version: 13',
  ].join('\r\n');
  socket.end(`${head}\r\n\r\n${body}`, () => socket.destroy());
}
