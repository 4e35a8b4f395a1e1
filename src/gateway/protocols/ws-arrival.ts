import type { Socket } from 'node:net';
import type { HandshakeGrant, HandshakeRefusal } from '../../wire/handshake-answer.js';
import { encodeHandshake } from '../../wire/handshake.js';
import type { ListenerContext } from './listener-context.js';
import type { Arrival, HandshakeRequest } from './protocol.js';
import type { Sender } from './sender.js';
import type { WsConnection } from './ws-connection.js';

/** Bytes that a client may send before it is answered, which it should not do at all. Beyond that it is not read. */
const MOST_BYTES = 64 * 1024;

/** Answers a handshake, and lets go of its socket. */
interface Answering {
  /** With 101: `upgraded` is called, unless the client has gone. */
  accept(grant: HandshakeGrant): void;
  /** Makes a client of it. @param early what it has sent by then */
  open(early: Buffer, subprotocol: string): WsConnection;
  /** Otherwise. */
  refuse(refusal: HandshakeRefusal): void;
}

/** A websocket whose handshake waits for an answer. It is read meanwhile: whoever hangs up is forgotten. */
export class WsArrival implements Arrival {
  readonly listener: ListenerContext;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly url: string;
  readonly request: Buffer;
  id = 0;
  readonly #handshake: Omit<HandshakeRequest, 'subprotocol'>;
  readonly #answering: Answering;
  readonly #socket: Socket;
  readonly #early: Buffer[];
  #earlyBytes: number;
  #opened: ReturnType<Arrival['welcome']>;
  readonly #onData = (chunk: Buffer): void => {
    this.#early.push(chunk);
    this.#earlyBytes += chunk.length;
    if (this.#earlyBytes > MOST_BYTES) this.#socket.pause();
  };
  readonly #onEnd = (): void => void this.#socket.destroy();
  readonly #onClose = (): void => this.listener.host.left(this);

  /** @param head what the client sent right behind its handshake */
  constructor(
    listener: ListenerContext,
    handshake: Omit<HandshakeRequest, 'subprotocol'>,
    socket: Socket,
    sender: Sender,
    head: Buffer,
    answering: Answering,
  ) {
    this.listener = listener;
    this.remoteAddress = sender.address;
    this.remotePort = sender.port;
    this.url = handshake.url;
    this.#handshake = handshake;
    this.#answering = answering;
    this.#socket = socket;
    this.#early = [head];
    this.#earlyBytes = head.length;
    const { remoteAddress, remotePort } = this;
    this.request = encodeHandshake({
      ...handshake,
      subprotocols: offeredBy(handshake),
      secure: sender.secure,
      remoteAddress,
      remotePort,
      serverPort: listener.port,
    });
    socket.on('data', this.#onData).on('end', this.#onEnd).on('close', this.#onClose);
  }

  welcome(grant: HandshakeGrant): ReturnType<Arrival['welcome']> {
    this.#leave();
    this.#answering.accept(grant);
    return this.#opened;
  }

  refuse(refusal: HandshakeRefusal): void {
    this.#leave();
    this.#answering.refuse(refusal);
    // what it sends more is thrown away, since bytes that nobody reads would make the system take our answer back
    this.#socket.resume();
  }

  /** It was answered 101. */
  upgraded(subprotocol: string): void {
    const connection = this.#answering.open(Buffer.concat(this.#early), subprotocol);
    this.#opened = { connection, handshake: { ...this.#handshake, subprotocol } };
    // it was stopped, so that nothing would be read in between
    this.#socket.resume();
  }

  #leave(): void {
    const socket = this.#socket;
    socket.pause();
    socket.off('data', this.#onData).off('end', this.#onEnd).off('close', this.#onClose);
    for (let chunk = readRest(socket); chunk !== null; chunk = readRest(socket)) this.#early.push(chunk);
  }
}

/** What was read from a socket that was paused meanwhile. */
function readRest(socket: Socket): Buffer | null {
  return socket.read() as Buffer | null;
}

/** The subprotocols that a client offers: a list of tokens, as has been seen. */
function offeredBy({ headers }: Pick<HandshakeRequest, 'headers'>): string[] {
  return headers['sec-websocket-protocol']?.split(',').map((name) => name.trim()) ?? [];
}
