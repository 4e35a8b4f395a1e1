import type { Socket } from 'node:net';
import { type RawData, WebSocket } from 'ws';
import { plainAddress } from './address.js';
import type { ClientHost, ClientProtocol, ClientTransport } from './protocol.js';
import { CLOSE_TIMEOUT } from './timeouts.js';
import { PING_FRAME, wsProtocol } from './ws-frame.js';

/** What all clients of one port share. */
export interface WsPort {
  readonly host: ClientHost;
  readonly port: number;
}

/** What `ws` makes for each client, with the way from its events to us. */
export class ClientWebSocket extends WebSocket {
  declare transport: WsTransport;
}

/**
 * A websocket client. `ws` receives, and does the closing handshake; messages are framed by us and written straight to
 * the socket, so that a tick's messages are one write. The two do not get mixed up: without compression `ws` too writes
 * a whole frame at a time, at once.
 */
export class WsTransport implements ClientTransport {
  readonly protocol: ClientProtocol = wsProtocol;
  readonly remoteAddress: string;
  readonly remotePort: number;
  client: unknown = undefined;
  readonly #shared: WsPort;
  readonly #ws: ClientWebSocket;
  readonly #socket: Socket;
  /** Until our close or destroy. */
  #open = true;

  constructor(shared: WsPort, ws: ClientWebSocket, socket: Socket) {
    this.#shared = shared;
    this.#ws = ws;
    this.#socket = socket;
    this.remoteAddress = plainAddress(socket.remoteAddress ?? '');
    this.remotePort = socket.remotePort ?? 0;
    ws.transport = this;
    ws.on('message', onMessage);
    ws.on('ping', onAlive);
    ws.on('pong', onAlive);
    ws.on('error', onError);
    ws.on('close', onClose);
  }

  get localPort(): number {
    return this.#shared.port;
  }

  get bytesIn(): number {
    return this.#socket.bytesRead;
  }

  get bytesOut(): number {
    return this.#socket.bytesWritten;
  }

  get bufferedBytes(): number {
    return this.#socket.writableLength;
  }

  write(bytes: Buffer): void {
    // nothing may follow a close frame, whichever side began to close
    if (this.#open && this.#ws.readyState === WebSocket.OPEN) this.#socket.write(bytes);
  }

  ping(): void {
    this.write(PING_FRAME);
  }

  pause(): void {
    if (this.#open) this.#ws.pause();
  }

  resume(): void {
    if (this.#open) this.#ws.resume();
  }

  close(code = 1000, reason = ''): void {
    if (!this.#open) return;
    this.#open = false;
    this.#ws.close(code, reason);
    // where the client began to close, `ws` waits for as long as it takes to send what was written
    if (this.#ws.readyState !== WebSocket.OPEN)
      this.#socket.setTimeout(CLOSE_TIMEOUT, () => this.#socket.destroy());
    // reads on, to see the client's close frame; messages before it are thrown away
    this.#ws.resume();
  }

  destroy(): void {
    this.#open = false;
    this.#ws.terminate();
  }

  receive(data: Buffer, binary: boolean): void {
    if (this.#open) this.#shared.host.message(this, data, binary);
  }

  alive(): void {
    if (this.#open) this.#shared.host.alive(this);
  }

  /** `ws` found what the websocket protocol forbids, and has begun to close. */
  refused(error: Error): void {
    this.#shared.host.refused(`ws ${closeCode(error)}`, this.remoteAddress, error.message);
  }

  end(): void {
    this.#open = false;
    this.#shared.host.closed(this);
  }
}

/** The close code that `ws` answers an error with, which it does not say. */
function closeCode(error: Error): number {
  return ('code' in error ? CLOSE_CODES.get(error.code) : undefined) ?? 1002;
}

const CLOSE_CODES: ReadonlyMap<unknown, number> = new Map([
  ['WS_ERR_INVALID_UTF8', 1007],
  ['WS_ERR_TOO_MANY_BUFFERED_PARTS', 1008],
  ['WS_ERR_UNSUPPORTED_MESSAGE_LENGTH', 1009],
  ['WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH', 1009],
]);

// Shared by all clients, which saves memory per client. `ws` sets `this`, whose type has to be made sure of.

function onMessage(this: WebSocket, data: RawData, binary: boolean): void {
  // binaryType is the default, nodebuffer
  if (Buffer.isBuffer(data)) transportOf(this)?.receive(data, binary);
}

function onAlive(this: WebSocket): void {
  transportOf(this)?.alive();
}

function onError(this: WebSocket, error: Error): void {
  transportOf(this)?.refused(error);
}

function onClose(this: WebSocket): void {
  transportOf(this)?.end();
}

function transportOf(ws: WebSocket): WsTransport | undefined {
  return ws instanceof ClientWebSocket ? ws.transport : undefined;
}
