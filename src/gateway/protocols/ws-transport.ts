import type { Socket } from 'node:net';
import type { Clock, Timer } from '../../clock.js';
import { plainAddress } from './address.js';
import type { ClientHost, ClientPort, ClientProtocol, ClientTransport } from './protocol.js';
import { readIntoBuffer } from './read-buffer.js';
import { CLOSE_TIMEOUT } from './timeouts.js';
import { CloseCode, PING_FRAME, closeFrame, pongFrame, wsProtocol } from './ws-frame.js';
import { type WsReader, WsReceiver } from './ws-receiver.js';

/** What all clients of one port share. */
export interface WsPort {
  readonly host: ClientHost;
  readonly maxPackageSize: number;
  readonly port: ClientPort;
  readonly clock: Clock;
}

/** Pongs that a client may leave untaken; one that sends pings and does not read would otherwise fill the memory. */
const UNTAKEN_PONGS = 60;

/** Where a socket has its transport, so that all sockets share their listeners. */
const TRANSPORT = Symbol('transport');

type ClientSocket = Socket & { [TRANSPORT]: WsTransport };

/**
 * A websocket client, from the end of its handshake on.
 *
 *     open ──close()──────────────────────► waiting for the client's close frame ──┐
 *       ├────the client's close frame, or what is forbidden: answered, FIN sent────┴─► closing ──FIN──► closed
 *       └────FIN without a close frame: FIN sent───────────────────────────────────────────────────────────┘
 *
 * Whatever the client does, the connection is closed CLOSE_TIMEOUT after it left `open`.
 */
export class WsTransport implements ClientTransport, WsReader {
  readonly protocol: ClientProtocol = wsProtocol;
  readonly remoteAddress: string;
  readonly remotePort: number;
  client: unknown = undefined;
  readonly #shared: WsPort;
  readonly #socket: Socket;
  readonly #receiver: WsReceiver;
  #open = true;
  /** Pongs written since everything written was last seen taken. */
  #pongs = 0;
  #closeTimer: Timer | undefined;

  /** @param head what the client sent right behind its handshake */
  constructor(shared: WsPort, socket: Socket, head: Buffer) {
    this.#shared = shared;
    this.#socket = socket;
    this.#receiver = new WsReceiver(this, shared.maxPackageSize);
    // a connection that was reset already has no address any more
    this.remoteAddress = plainAddress(socket.remoteAddress ?? '');
    this.remotePort = socket.remotePort ?? 0;
    (socket as ClientSocket)[TRANSPORT] = this;
    socket.setTimeout(0); // the HTTP side's
    if (readIntoBuffer(socket, onRead)) socket.resume();
    else socket.on('data', onData);
    socket.on('end', onEnd);
    socket.on('error', ignore);
    socket.on('close', onClose);
    // later, since nobody knows this client yet, but before anything is read
    if (head.length > 0) process.nextTick(() => this.receive(head));
  }

  get port(): ClientPort {
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
    if (this.#open) this.#socket.write(bytes);
  }

  ping(): void {
    this.write(PING_FRAME);
  }

  pause(): void {
    if (!this.#open) return;
    this.#receiver.pause();
    this.#socket.pause();
  }

  resume(): void {
    if (!this.#open) return;
    this.#receiver.resume();
    this.#socket.resume();
  }

  close(code: number = CloseCode.NORMAL, reason = ''): void {
    if (!this.#open) return;
    this.#socket.write(closeFrame(code, reason));
    this.#leave();
    // reads on, to see the client's close frame; messages before it are thrown away
    this.#receiver.resume();
    this.#socket.resume();
  }

  destroy(): void {
    this.#open = false;
    this.#receiver.stop();
    this.#socket.destroy();
  }

  onMessage(data: Buffer, binary: boolean): void {
    if (this.#open) this.#shared.host.message(this, data, binary);
  }

  onPing(data: Buffer): void {
    if (!this.#open) return;
    if (this.#socket.writableLength === 0) this.#pongs = 0;
    if (++this.#pongs > UNTAKEN_PONGS) {
      this.destroy();
      return;
    }
    this.#socket.write(pongFrame(data));
    this.#shared.host.alive(this);
  }

  onPong(): void {
    if (this.#open) this.#shared.host.alive(this);
  }

  onClose(code: number, reason: Buffer): void {
    this.#answer(code, reason);
  }

  onForbidden(code: number, problem: string): void {
    this.#answer(code);
    this.#shared.host.refused(`ws ${code}`, this.remoteAddress, problem);
  }

  /** A chunk has come in. Its bytes are changed. */
  receive(chunk: Buffer): void {
    this.#receiver.receive(chunk);
  }

  /** The client sends no more. */
  ended(): void {
    this.#receiver.finish();
    this.#socket.end();
    if (this.#open) this.#leave();
  }

  /** The connection is gone. */
  end(): void {
    // what came before the end is not lost, even if the end came before resume()
    this.#receiver.finish();
    this.#open = false;
    this.#closeTimer?.cancel();
    this.#shared.host.closed(this);
  }

  /** Sends the last that is sent, unless our own close frame has been that. What still comes is thrown away. */
  #answer(code: number, reason?: Buffer): void {
    if (this.#open) {
      this.#socket.write(closeFrame(code, reason));
      this.#leave();
    }
    this.#socket.end();
    this.#socket.resume();
  }

  #leave(): void {
    this.#open = false;
    this.#closeTimer = this.#shared.clock.setTimeout(() => this.#socket.destroy(), CLOSE_TIMEOUT);
  }
}

function onRead(this: Socket, length: number, buffer: Buffer): boolean {
  (this as ClientSocket)[TRANSPORT].receive(buffer.subarray(0, length));
  return true;
}

function onData(this: ClientSocket, chunk: Buffer): void {
  this[TRANSPORT].receive(chunk);
}

function onEnd(this: ClientSocket): void {
  this[TRANSPORT].ended();
}

function onClose(this: ClientSocket): void {
  this[TRANSPORT].end();
}

/** A reset, a timeout: `close` follows, and says all that matters. */
function ignore(): void {}
