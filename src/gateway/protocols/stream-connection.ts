import type { Socket } from 'node:net';
import type { Timer } from '../../base/clock.js';
import { InputBuffer } from './input-buffer.js';
import type { ListenerContext } from './listener-context.js';
import type { Connection, Flow } from './protocol.js';
import type { Sender } from './sender.js';
import { SocketFlow, giveTime } from './socket-flow.js';
import type { StreamProtocol } from './stream-protocol.js';
import { ANSWER_TIMEOUT, PATIENCE } from './timeouts.js';

/** The kind of refusal that is about size. */
const TOO_LONG = 'too long';

/**
 * A client on a TCP connection.
 *
 *     open ──the peer closes its side, refuse()──► answering ──finish(), close()──► closing ──► closed
 *       ├──close()──────────────────────────────────────────────────────────────────────┘          ▲
 *       └──destroy(), the connection breaks, from every state ─────────────────────────────────────┘
 *
 * Closing takes CLOSE_TIMEOUT beyond the last byte that the peer takes, if it does not close its side before. Answering
 * takes ANSWER_TIMEOUT after what is forbidden; after the peer's end, as long as the host likes.
 */
export class StreamConnection implements Connection {
  readonly protocol: StreamProtocol;
  readonly listener: ListenerContext;
  readonly remoteAddress: string;
  readonly remotePort: number;
  client: unknown = undefined;
  readonly #socket: Socket;
  readonly #input = new InputBuffer();
  /** Length of the package that `#input` begins with; 0 while unknown. */
  #packageLength = 0;
  #open = true;
  #paused = false;
  /** What comes in, until the peer closes its side or sends what is forbidden. */
  #reading: 'on' | 'last' | 'over' = 'on';
  /** The connection is gone, and what it left is being delivered. */
  #ending = false;
  #timer: Timer | undefined;

  constructor(listener: ListenerContext, protocol: StreamProtocol, socket: Socket, sender: Sender) {
    this.listener = listener;
    this.protocol = protocol;
    this.#socket = socket;
    this.remoteAddress = sender.address;
    this.remotePort = sender.port;
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

  get flow(): Flow {
    return new SocketFlow(this.#socket);
  }

  write(bytes: Buffer): void {
    if (this.#open && this.#socket.writable) this.#socket.write(bytes);
  }

  /** These protocols have no ping of their own: the gateway sends its `pingData` as a message. */
  ping(): void {}

  pause(): void {
    if (!this.#open || this.#ending || this.#reading === 'over') return;
    this.#paused = true;
    this.#socket.pause();
  }

  resume(): void {
    if (!this.#open || !this.#paused) return;
    this.#paused = false;
    // later, so that no message arrives within resume(), but before anything new is read
    if (this.#input.length > 0 || this.#reading === 'last') process.nextTick(() => this.#readPackages());
    this.#socket.resume();
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#input.clear();
    this.#socket.end();
    // Reads on, and throws it away: closing a socket with unread input resets the connection, and what was written is lost.
    this.#socket.resume();
    this.#timer?.cancel();
    this.#timer = giveTime(this.#socket, this.listener.clock);
  }

  finish(): void {
    if (this.#reading === 'over') this.close();
  }

  destroy(): void {
    this.#open = false;
    this.#input.clear();
    this.#socket.destroy();
  }

  /** A chunk has come in. */
  receive(chunk: Buffer): void {
    this.listener.bytesIn += chunk.length;
    if (!this.#open || this.#reading !== 'on') return;
    this.#input.append(chunk);
    this.#readPackages();
  }

  /** The peer has closed its side. */
  receivedAll(): void {
    if (!this.#open || this.#reading !== 'on') return;
    this.#reading = 'last';
    this.#readPackages();
  }

  /** For the protocol: a message is there. */
  deliver(message: Buffer, binary: boolean): void {
    this.listener.host.message(this, message, binary);
  }

  /** For the protocol: the client sent what is not allowed. What it sent before is answered, and no more is read. */
  refuse(problem: string, message: string): void {
    const { host, clock } = this.listener;
    const by = problem === TOO_LONG ? 'limit' : 'error';
    host.misbehaved(this, by, `${this.protocol.name} ${problem}`, message);
    this.#timer = clock.setTimeout(() => this.finish(), ANSWER_TIMEOUT);
    this.#endReading();
  }

  /** The connection is gone. */
  end(): void {
    // what came before the end is not lost, even if the end came before resume()
    this.#ending = true;
    const broken = this.#reading === 'on' && this.#socket.errored !== null;
    this.#paused = false;
    this.#readPackages();
    this.#timer?.cancel();
    this.#open = false;
    this.listener.host.closed(this, 0, '', broken);
  }

  #readPackages(): void {
    while (this.#open && !this.#paused && this.#input.length > 0) {
      if (this.#packageLength === 0 && !this.#measure()) break;
      if (this.#packageLength > this.#input.length) break;
      const bytes = this.#input.take(this.#packageLength);
      this.#packageLength = 0;
      this.protocol.unpack(bytes, this);
    }
    if (this.#reading !== 'last' || !this.#open || this.#paused) return;
    if (this.#input.length > 0) this.protocol.unpackRest?.(this.#input.view(), this);
    this.#endReading();
  }

  /** What came is reported; what still comes is thrown away. */
  #endReading(): void {
    this.#reading = 'over';
    this.#input.clear();
    this.#paused = false;
    this.#socket.resume();
    if (!this.#ending) this.listener.host.ended(this, PATIENCE.half);
  }

  /** Returns whether the length of the next package is known, and allowed. */
  #measure(): boolean {
    const length = this.protocol.measure(this.#input, this);
    if (!this.#open || this.#reading === 'over') return false;
    const { maxPackageSize } = this.listener;
    // what is not complete at the limit would end beyond it
    if (length > maxPackageSize || (length === 0 && this.#input.length >= maxPackageSize)) {
      const found = length === 0 ? `more than ${this.#input.length}` : length;
      this.refuse(TOO_LONG, `A package of ${found} bytes; maxPackageSize is ${maxPackageSize}.`);
      return false;
    }
    this.#packageLength = length;
    return length > 0;
  }
}
