import { once } from 'node:events';
import { type ClientOptions, type RawData, WebSocket } from 'ws';
import { Inbox, LIMIT } from './inbox.js';

/** A websocket message: a string where the frame was text, a Buffer where it was binary. */
export type WsMessage = string | Buffer;

/** How a connection ended. 1006: without a close frame. */
export interface Ending {
  readonly code: number;
  readonly reason: string;
}

/** A websocket client whose messages are awaited one by one. */
export class WsClient {
  readonly socket: WebSocket;
  readonly closed: Promise<Ending>;
  /** The port that it came from. */
  localPort = 0;
  readonly #inbox: Inbox<WsMessage>;
  readonly #pings = new Inbox<Buffer>('a websocket client');

  private constructor(socket: WebSocket) {
    this.socket = socket;
    this.#inbox = new Inbox('a websocket client');
    socket.on('message', (data: RawData, binary: boolean) => {
      const bytes = data as Buffer;
      this.#inbox.put(binary ? bytes : bytes.toString());
    });
    socket.on('upgrade', (response) => (this.localPort = response.socket.localPort ?? 0));
    socket.on('ping', (data: Buffer) => this.#pings.put(data));
    // a reset connection also shows as its close, with code 1006
    socket.on('error', () => {});
    this.closed = new Promise((resolve) => {
      socket.on('close', (code, reason) => {
        this.#inbox.end(new Error(`The websocket was closed: ${code} ${reason.toString()}`));
        resolve({ code, reason: reason.toString() });
      });
    });
  }

  /** Resolves after the handshake. */
  static async connect(
    url: string,
    options: ClientOptions = {},
    subprotocols: string[] = [],
  ): Promise<WsClient> {
    const socket = new WebSocket(url, subprotocols, options);
    const client = new WsClient(socket);
    await once(socket, 'open', { signal: AbortSignal.timeout(LIMIT) });
    return client;
  }

  /** Messages that arrived and were not asked for. */
  get waiting(): number {
    return this.#inbox.length;
  }

  send(message: string | Uint8Array): void {
    this.socket.send(message);
  }

  next(): Promise<WsMessage> {
    return this.#inbox.next();
  }

  /** The next message, which is JSON. The caller says what it is; nothing checks it. */
  async nextJson<Value>(): Promise<Value> {
    const value: Value = JSON.parse(String(await this.next()));
    return value;
  }

  /** The payload of the next ping frame. */
  nextPing(): Promise<Buffer> {
    return this.#pings.next();
  }

  /** Closes, and resolves when the connection is gone. */
  async close(): Promise<Ending> {
    this.socket.close();
    return await this.closed;
  }
}
