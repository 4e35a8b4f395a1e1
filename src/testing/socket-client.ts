import { once } from 'node:events';
import { type ClientOptions, type RawData, WebSocket } from 'ws';
import { Mailbox } from './mailbox.js';
import type { End } from './test-connection.js';
import type { TestMessage } from './test-protocol.js';

/** Milliseconds that a handshake may take. */
const PATIENCE = 5000;
/** Milliseconds that a message may take: it only bounds a failure. */
const MESSAGE_PATIENCE = 5000;

/** A websocket client of a real node. */
export class SocketClient {
  /** Resolves when the connection is gone, and says how: `{ code, reason }`. It never rejects. */
  readonly closed: Promise<End>;
  readonly #socket: WebSocket;
  readonly #mailbox: Mailbox;

  private constructor(socket: WebSocket, explain: () => string) {
    this.#socket = socket;
    this.#mailbox = new Mailbox(MESSAGE_PATIENCE, explain);
    socket.on('message', (data: RawData, binary: boolean) => {
      const bytes = data as Buffer;
      this.#mailbox.put(binary ? bytes : bytes.toString());
    });
    // a reset connection also shows as its close, with code 1006
    socket.on('error', () => {});
    this.closed = new Promise((resolve) => {
      socket.on('close', (code, reason) => {
        this.#mailbox.end(`the connection was closed with ${code}`);
        resolve({ code, reason: reason.toString() });
      });
    });
  }

  /** @internal Resolves after the handshake. */
  static async connect(
    url: string,
    { subprotocols, ...options }: ClientOptions & { subprotocols: readonly string[] },
    explain: () => string,
  ): Promise<SocketClient> {
    const client = new SocketClient(new WebSocket(url, [...subprotocols], options), explain);
    await once(client.#socket, 'open', { signal: AbortSignal.timeout(PATIENCE) });
    return client;
  }

  /** Whether it is connected. */
  get open(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  /** Every message that it has got, oldest first: a string where it was sent as one, else a Buffer. */
  get messages(): readonly TestMessage[] {
    return this.#mailbox.messages;
  }

  /** Sends a message: a string as text, bytes as a binary one. */
  send(message: string | Uint8Array): void {
    this.#socket.send(message);
  }

  /** Sends a value as JSON text. */
  sendJson(value: unknown): void {
    this.send(JSON.stringify(value));
  }

  /** The next message that was not asked for yet. Rejects when none comes within 5 s, or the connection is closed. */
  async next(): Promise<TestMessage> {
    return await this.#mailbox.next();
  }

  /** The next message, which is JSON. The caller says what it is; nothing checks it. */
  async nextJson<Value = unknown>(): Promise<Value> {
    return JSON.parse(String(await this.next())) as Value;
  }

  /** Closes the connection. */
  async close(code = 1000, reason = ''): Promise<End> {
    this.#socket.close(code, reason);
    return await this.closed;
  }
}
