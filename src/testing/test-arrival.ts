import type { ListenerContext } from '../gateway/protocols/listener-context.js';
import type { Arrival, Connection, HandshakeRequest } from '../gateway/protocols/protocol.js';
import type { HandshakeGrant, HandshakeRefusal } from '../wire/handshake-answer.js';
import { encodeHandshake } from '../wire/handshake.js';
import { Refused } from '../worker/refused.js';

export interface TestArrivalOptions {
  readonly listener: ListenerContext;
  readonly from: { readonly address: string; readonly port: number };
  readonly handshake: HandshakeRequest;
  readonly subprotocols: readonly string[];
  /** It may come in. @returns its connection */
  readonly onWelcome: () => Connection;
  /** It may not: with what `onHandshake` has thrown, as a client sees it. */
  readonly onRefused: (error: Refused) => void;
}

/** A websocket without a socket, which asks to come in. */
export class TestArrival implements Arrival {
  readonly listener: ListenerContext;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly url: string;
  readonly request: Buffer;
  id = 0;
  readonly #options: TestArrivalOptions;

  constructor(options: TestArrivalOptions) {
    const { listener, from, handshake, subprotocols } = options;
    const { address: remoteAddress, port: remotePort } = from;
    this.#options = options;
    this.listener = listener;
    this.remoteAddress = remoteAddress;
    this.remotePort = remotePort;
    this.url = handshake.url;
    this.request = encodeHandshake({
      ...handshake,
      subprotocols,
      secure: false,
      remoteAddress,
      remotePort,
      serverPort: listener.port,
    });
  }

  welcome({ subprotocol }: HandshakeGrant): ReturnType<Arrival['welcome']> {
    const { handshake, onWelcome } = this.#options;
    return {
      connection: onWelcome(),
      handshake: { ...handshake, subprotocol: subprotocol ?? handshake.subprotocol },
    };
  }

  refuse({ status, text }: HandshakeRefusal): void {
    this.#options.onRefused(new Refused(status, text));
  }
}
