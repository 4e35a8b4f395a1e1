import type { Socket } from 'node:net';
import type { Timer } from '../../base/clock.js';
import { isPacked } from '../../wire/named-bytes.js';
import type { ListenerContext } from './listener-context.js';
import type { ClientHost, Connection, Flow } from './protocol.js';
import { readIntoBuffer } from './read-buffer.js';
import type { Sender } from './sender.js';
import { SocketFlow, giveTime } from './socket-flow.js';
import { ANSWER_TIMEOUT, PATIENCE } from './timeouts.js';
import { CloseCode, PING_FRAME, type WsProtocol, closeFrame, pongFrame, readCloseFrame } from './ws-frame.js';
import { type WsReader, WsReceiver } from './ws-receiver.js';

/** Bytes that may wait for a client before its pings are answered: one that sends them and does not read would otherwise fill the memory. */
const UNTAKEN_BYTES = 256 * 1024;

/** In place of a close frame, where the client sent none. */
const NO_FRAME = Buffer.alloc(0);

/** What a connection reports to: the listener's host, unless something else stands on the websocket. */
export type ConnectionHost = Pick<ClientHost, 'message' | 'alive' | 'ended' | 'closed' | 'misbehaved'>;

/** Where a socket has its connection, so that all sockets share their listeners. */
const TRANSPORT = Symbol('connection');

type ClientSocket = Socket & { [TRANSPORT]: WsConnection };

/**
 * A websocket client, from the end of its handshake on.
 *
 *     open ──close()──► waiting for the client's close frame ───────────────┐
 *       └──the client's close frame, FIN, or what is forbidden──► answering ──finish(), close()──► closing ──FIN──► closed
 *
 * Answering: what the client had sent before is answered, then the close frame follows, which is the last that is sent. The
 * host says when, or ANSWER_TIMEOUT does. From then on the client has CLOSE_TIMEOUT, and anew for what it takes.
 */
export class WsConnection implements Connection, WsReader {
  readonly protocol: WsProtocol;
  readonly listener: ListenerContext;
  readonly remoteAddress: string;
  readonly remotePort: number;
  client: unknown = undefined;
  readonly #socket: Socket;
  readonly #receiver: WsReceiver;
  #open = true;
  /** What the client is closed with when it is answered. */
  #verdict: Buffer | undefined;
  /** The pong to the last ping, as soon as the client has taken what waits for it. */
  #pong: Buffer | undefined;
  #timer: Timer | undefined;

  /** @param protocol what was agreed on for messages; @param head what the client sent right behind its handshake */
  constructor(listener: ListenerContext, protocol: WsProtocol, socket: Socket, sender: Sender, head: Buffer) {
    this.protocol = protocol;
    this.listener = listener;
    this.#socket = socket;
    this.#receiver = new WsReceiver(this, listener.maxPackageSize);
    this.remoteAddress = sender.address;
    this.remotePort = sender.port;
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

  /** Whom it reports to. */
  protected get host(): ConnectionHost {
    return this.listener.host;
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

  get inflates(): boolean {
    return this.protocol.inflates;
  }

  get flow(): Flow {
    return new SocketFlow(this.#socket);
  }

  write(bytes: Buffer): void {
    // nothing may follow a close frame, whichever side began to close
    if (this.#open) this.#socket.write(bytes);
  }

  ping(): void {
    this.write(PING_FRAME);
  }

  pause(): void {
    if (!this.#open || this.#verdict !== undefined) return;
    this.#receiver.pause();
    this.#socket.pause();
  }

  resume(): void {
    if (!this.#open) return;
    this.#receiver.resume();
    this.#goOn();
  }

  close(code: number = CloseCode.NORMAL, reason = ''): void {
    if (!this.#open) return;
    if (this.#verdict !== undefined) {
      this.#leave(closeFrame(code, reason));
      return;
    }
    this.#leave(closeFrame(code, reason), { wait: true });
    // to see the client's close frame; messages before it are thrown away
    this.#receiver.resume();
  }

  finish(): void {
    if (this.#open && this.#verdict !== undefined) this.#leave(this.#verdict);
  }

  destroy(): void {
    // its end may have been waiting for a message
    if (this.#receiver.inflating && this.#socket.closed) process.nextTick(() => this.#gone());
    this.#open = false;
    this.#receiver.stop();
    this.#socket.destroy();
  }

  onMessage(data: Buffer, binary: boolean): void {
    if (!this.#open) return;
    const named = binary && this.protocol.named && isPacked(data);
    this.host.message(this, data, binary, named);
  }

  onPing(data: Buffer): void {
    if (!this.#open) return;
    this.host.alive(this);
    if (this.#pong === undefined && this.#socket.writableLength <= UNTAKEN_BYTES) {
      this.#socket.write(pongFrame(data));
      return;
    }
    // the last of several pings may be the only one that is answered (RFC 6455, 5.5.3)
    if (this.#pong === undefined) this.#socket.once('drain', onDrain);
    this.#pong = pongFrame(data);
  }

  /** The client has taken what waited for it. */
  drained(): void {
    if (this.#pong !== undefined) this.write(this.#pong);
    this.#pong = undefined;
  }

  onPong(): void {
    if (this.#open) this.host.alive(this);
  }

  onClose(code: number, reason: Buffer): void {
    this.#end(closeFrame(code, reason));
  }

  onForbidden(code: number, problem: string): void {
    const by = code === CloseCode.TOO_LONG ? 'limit' : 'error';
    this.host.misbehaved(this, by, `ws ${code}`, problem);
    this.#end(closeFrame(code));
  }

  onInflating(): void {
    this.#socket.pause();
  }

  onInflated(): void {
    this.#socket.resume();
  }

  onFinished(): void {
    if (this.#socket.closed) this.#gone();
    else this.#end(NO_FRAME);
  }

  /** A chunk has come in. Its bytes are changed. */
  receive(chunk: Buffer): void {
    this.listener.bytesIn += chunk.length;
    this.#receiver.receive(chunk);
  }

  /** The client sends no more. */
  ended(): void {
    if (this.#receiver.finish()) this.#end(NO_FRAME);
  }

  /** The connection is gone. */
  end(): void {
    // what came before the end is not lost, even if the end came before resume()
    if (this.#receiver.finish()) this.#gone();
  }

  #gone(): void {
    this.#open = false;
    this.#timer?.cancel();
    const { code, reason } = readCloseFrame(this.#verdict ?? NO_FRAME);
    const broken = this.#verdict === undefined && this.#socket.errored !== null;
    this.host.closed(this, code, reason, broken);
  }

  /** Goes on reading the socket, which nobody does while a message is being inflated. */
  #goOn(): void {
    if (!this.#receiver.inflating) this.#socket.resume();
  }

  /** The client says no more. What still comes is thrown away. @param verdict the last that it is sent */
  #end(verdict: Buffer): void {
    if (!this.#open) {
      // our own close frame was the last
      this.#socket.end();
    } else if (this.#verdict === undefined) {
      this.#verdict = verdict;
      this.#timer = this.listener.clock.setTimeout(() => this.finish(), ANSWER_TIMEOUT);
      this.host.ended(this, PATIENCE.whole);
    }
    this.#socket.resume();
  }

  /** Sends the last that is sent. @param wait for the client's close frame, before the connection is ended */
  #leave(last: Buffer, { wait = false } = {}): void {
    this.#open = false;
    if (last.length > 0) this.#socket.write(last);
    if (!wait) this.#socket.end();
    this.#goOn();
    this.#timer?.cancel();
    this.#timer = giveTime(this.#socket, this.listener.clock);
  }
}

function onRead(this: Socket, length: number, buffer: Buffer): boolean {
  (this as ClientSocket)[TRANSPORT].receive(buffer.subarray(0, length));
  return true;
}

function onData(this: ClientSocket, chunk: Buffer): void {
  this[TRANSPORT].receive(chunk);
}

function onDrain(this: Socket): void {
  (this as ClientSocket)[TRANSPORT].drained();
}

function onEnd(this: ClientSocket): void {
  this[TRANSPORT].ended();
}

function onClose(this: ClientSocket): void {
  this[TRANSPORT].end();
}

/** A reset, a timeout: `close` follows, and says all that matters. */
function ignore(): void {}
