import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { type ClientOptions, type RawData, WebSocket } from 'ws';
import { Refused } from '../worker/refused.js';
import { Mailbox } from './mailbox.js';
import { ReceivingClient } from './receiving-client.js';
import type { End, SocketClient } from './test-client.js';

/** Milliseconds that a handshake may take. */
const PATIENCE = 5000;
/** Milliseconds that a message may take: it only bounds a failure. */
const MESSAGE_PATIENCE = 5000;

/** A client at a websocket. */
export class WebSocketClient extends ReceivingClient implements SocketClient {
  readonly closed: Promise<End>;
  readonly #socket: WebSocket;

  private constructor(socket: WebSocket, explain: () => string) {
    super(new Mailbox(MESSAGE_PATIENCE, explain));
    this.#socket = socket;
    socket.on('message', (data: RawData, binary: boolean) => {
      const bytes = data as Buffer;
      this.received(binary ? bytes : bytes.toString());
    });
    // a reset connection also shows as its close, with code 1006
    socket.on('error', () => {});
    this.closed = new Promise((resolve) => {
      socket.on('close', (code, reason) => {
        this.ended(`the connection was closed with ${code}`);
        resolve({ code, reason: reason.toString() });
      });
    });
  }

  /** Resolves after the handshake. @throws Refused when that is answered with an HTTP error */
  static async connect(
    url: string,
    { subprotocols, ...options }: ClientOptions & { subprotocols: readonly string[] },
    explain: () => string,
  ): Promise<WebSocketClient> {
    const socket = new WebSocket(url, [...subprotocols], options);
    const client = new WebSocketClient(socket, explain);
    const refused = once(socket, 'unexpected-response') as Promise<[unknown, IncomingMessage]>;
    await Promise.race([
      once(socket, 'open', { signal: AbortSignal.timeout(PATIENCE) }),
      refused.then(async ([, answer]) => {
        throw await refusalOf(answer);
      }),
    ]);
    return client;
  }

  get open(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  override send(message: string | Uint8Array): void {
    this.#socket.send(message);
  }

  async close(code = 1000, reason = ''): Promise<End> {
    this.#socket.close(code, reason);
    return await this.closed;
  }
}

async function refusalOf(answer: IncomingMessage): Promise<Error> {
  const { statusCode = 0 } = answer;
  const body = (await text(answer)).trimEnd();
  if (statusCode >= 400) return new Refused(statusCode, body);
  return new Error(`The handshake was answered with ${statusCode}: ${body}`);
}
