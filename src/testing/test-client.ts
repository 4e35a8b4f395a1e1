import { Buffer } from 'node:buffer';
import type { ClientRecord } from '../gateway/client-record.js';
import { type Session, decodeSession } from '../wire/session.js';
import { Mailbox } from './mailbox.js';
import { type End, TestConnection } from './test-connection.js';
import type { TestMessage } from './test-protocol.js';

/** What a client needs of the application that it is connected to. */
export interface TestClientHost {
  /** @param received told of each message, @param ended told of the end */
  open(owner: { received(message: TestMessage): void; ended(end: End): void }): TestConnection;
  /** Milliseconds that a message may take. */
  readonly patience: number;
  /** The client id of this record. */
  idOf(record: ClientRecord): string;
  /** What may be the reason when nothing comes. */
  explain(): string;
}

/** A client of the application, without a socket. */
export class TestClient {
  /** Resolves when the connection is gone, and says how: `{ code, reason }`. It never rejects. */
  readonly closed: Promise<End>;
  /** Its client id, by which `Gateway` reaches it. */
  readonly id: string;
  readonly #connection: TestConnection;
  readonly #mailbox: Mailbox;
  #end: End | undefined;

  /** @internal */
  constructor(host: TestClientHost) {
    this.#mailbox = new Mailbox(host.patience, () => host.explain());
    let onEnd!: (end: End) => void;
    this.closed = new Promise((resolve) => (onEnd = resolve));
    this.#connection = host.open({
      received: (message) => this.#mailbox.put(message),
      ended: (end) => {
        this.#end = end;
        this.#mailbox.end(
          `the connection was closed with ${end.code}${end.reason === '' ? '' : ` (${end.reason})`}`,
        );
        onEnd(end);
      },
    });
    this.id = host.idOf(this.#record);
  }

  get #record(): ClientRecord {
    return this.#connection.client as ClientRecord;
  }

  /** Whether it is connected. */
  get open(): boolean {
    return this.#connection.open;
  }

  /** How it was closed; undefined while it is open. */
  get end(): End | undefined {
    return this.#end;
  }

  /** Every message that it has got, oldest first: a string where it was sent as one, else a Buffer. */
  get messages(): readonly TestMessage[] {
    return this.#mailbox.messages;
  }

  /** The uid that it is bound to; null when to none. */
  get uid(): string | null {
    return this.#record.uid ?? null;
  }

  /** The groups that it has joined. */
  get groups(): readonly string[] {
    return [...(this.#record.groups ?? [])];
  }

  /** What the gateway keeps for it, as of the last handler that is done. */
  get session(): Session {
    return decodeSession(this.#record.state?.bytes ?? Buffer.alloc(0));
  }

  /** Sends a message: a string as text, bytes as a binary one. Nothing happens once it is closed. */
  send(message: string | Uint8Array): void {
    this.#connection.deliver(Buffer.from(message as string), typeof message !== 'string');
  }

  /** Sends a value as JSON text. */
  sendJson(value: unknown): void {
    this.send(JSON.stringify(value));
  }

  /** The next message that was not asked for yet. Rejects when none comes in time (`patience`), or the client is closed. */
  async next(): Promise<TestMessage> {
    return await this.#mailbox.next();
  }

  /** The next message, which is JSON. The caller says what it is; nothing checks it. */
  async nextJson<Value = unknown>(): Promise<Value> {
    return JSON.parse(String(await this.next())) as Value;
  }

  /** Closes the connection, as the client does it: `onClose` follows what it has sent. */
  async close(code = 1000, reason = ''): Promise<End> {
    this.#connection.leave({ code, reason });
    return await this.closed;
  }

  /** The connection is gone without a word, as when a cable is cut. */
  async drop(): Promise<End> {
    return await this.close(1006);
  }

  /** From now on it answers no ping: the heartbeat drops it in its time. Messages are signs of life all the same. */
  fallSilent(): void {
    this.#connection.answersPings = false;
  }
}
