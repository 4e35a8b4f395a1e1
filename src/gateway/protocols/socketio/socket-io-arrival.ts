import { encodeHandshake } from '../../../wire/handshake.js';
import type { HandshakeRefusal } from '../../../wire/handshake-answer.js';
import type { ListenerContext } from '../listener-context.js';
import type { Arrival, HandshakeRequest } from '../protocol.js';
import type { SocketIoSession } from './socket-io-session.js';

/** A client that asks for a namespace, and waits for the answer. */
export class SocketIoArrival implements Arrival {
  readonly listener: ListenerContext;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly url: string;
  readonly request: Buffer;
  readonly namespace: string;
  readonly handshake: HandshakeRequest;
  id = 0;
  readonly #session: SocketIoSession;

  constructor(session: SocketIoSession, namespace: string, handshake: HandshakeRequest) {
    const { listener, visitor } = session.socket;
    const { address: remoteAddress, port: remotePort, secure } = visitor.sender;
    this.listener = listener;
    this.remoteAddress = remoteAddress;
    this.remotePort = remotePort;
    this.url = handshake.url;
    this.namespace = namespace;
    this.handshake = handshake;
    this.#session = session;
    const serverPort = listener.port;
    const subprotocols: readonly string[] = [];
    this.request = encodeHandshake({
      ...handshake,
      subprotocols,
      secure,
      remoteAddress,
      remotePort,
      serverPort,
    });
  }

  /** There is no answer of HTTP for headers that are granted to be in. */
  welcome(): ReturnType<Arrival['welcome']> {
    const connection = this.#session.welcome(this);
    return connection && { connection, handshake: this.handshake };
  }

  refuse(refusal: HandshakeRefusal): void {
    this.#session.refuse(this, refusal);
  }
}
