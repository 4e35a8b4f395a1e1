import type { Buffer } from 'node:buffer';
import type { Session } from '../wire/session.js';

/** A message as a client gets it: a string where it was sent as one, a Buffer for bytes. */
export type TestMessage = string | Buffer;

/** How a connection ended. */
export interface End {
  /** A websocket's close code: 1000 for a close in good order, 1006 for a connection that was dropped. */
  readonly code: number;
  readonly reason: string;
}

/** A websocket client of a real node: what it has got, and what it does. */
export interface SocketClient {
  /** Whether it is connected. */
  readonly open: boolean;
  /** Resolves when the connection is gone, and says how. It never rejects. */
  readonly closed: Promise<End>;
  /** Every message that it has got, oldest first. */
  readonly messages: readonly TestMessage[];
  /** Sends a message: a string as text, bytes as a binary one. Nothing happens once it is closed. */
  send(message: string | Uint8Array): void;
  /** Sends a value as JSON text. */
  sendJson(value: unknown): void;
  /**
   * The next message that was not asked for yet. Rejects when none comes in time, or the connection is closed: with the last
   * message and the last warning of the log.
   */
  next(): Promise<TestMessage>;
  /** The next message, which is JSON. The caller says what it is; nothing checks it. */
  nextJson<Value = unknown>(): Promise<Value>;
  /** Sends a message with a name, as JSON text: bytes in it are `{"base64":"…"}`. */
  emit(event: string, data?: unknown): void;
  /**
   * Asks by name, and resolves with the answer, which no `next()` gives then. The caller says what it is; nothing checks it.
   *
   * @throws Refused with the `code` and `message` of the error that it is answered with
   */
  request<Value = unknown>(event: string, data?: unknown): Promise<Value>;
  /** Answers `client.request` of the application from now on with what this returns, or with the `code` and `message` of what it throws. */
  answer(event: string, handler: (data: unknown) => unknown): void;
  /** The data of the next message, which has this name; rejects when it is another one. */
  nextEvent<Value = unknown>(event: string): Promise<Value>;
  /** Closes the connection, as the client does it: `onClose` follows what it has sent. */
  close(code?: number, reason?: string): Promise<End>;
}

/** A client of an application under test, without a socket. */
export interface TestClient extends SocketClient {
  /** Its client id, by which `Gateway` reaches it. */
  readonly id: string;
  /** How it was closed; undefined while it is open. */
  readonly end: End | undefined;
  /** The uid that it is bound to; null when to none. */
  readonly uid: string | null;
  /** The groups that it has joined. */
  readonly groups: readonly string[];
  /** What the gateway keeps for it, as of the last handler that is done. */
  readonly session: Session;
  /** The connection is gone without a word, as when a cable is cut. */
  drop(): Promise<End>;
  /** From now on it answers no ping: the heartbeat drops it in its time. Messages are signs of life all the same. */
  fallSilent(): void;
}
