import type { Socket } from 'node:net';
import type { ListenerContext } from '../listener-context.js';
import type { Sender } from '../sender.js';
import { type ConnectionHost, WsConnection } from '../ws-connection.js';
import { CloseCode, type WsProtocol } from '../ws-frame.js';
import type { EngineTransport } from './engine-transport.js';

/** A websocket whose handshake is done, as it was found. */
export interface OpenedWebSocket {
  /** What was agreed on for its messages. */
  readonly protocol: WsProtocol;
  readonly socket: Socket;
  readonly sender: Sender;
  /** What the client sent right behind its handshake. */
  readonly head: Buffer;
}

/** A websocket that carries packets of Engine.IO, and is no client by itself. */
export class EngineWebSocket extends WsConnection implements EngineTransport {
  readonly #host: ConnectionHost;

  constructor(
    listener: ListenerContext,
    { protocol, socket, sender, head }: OpenedWebSocket,
    host: ConnectionHost,
  ) {
    super(listener, protocol, socket, sender, head);
    this.#host = host;
  }

  protected override get host(): ConnectionHost {
    return this.#host;
  }

  refuse(): void {
    this.close(CloseCode.PROTOCOL_ERROR);
  }
}
