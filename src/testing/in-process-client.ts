import { Buffer } from 'node:buffer';
import type { ClientRecord } from '../gateway/client-record.js';
import { type Session, decodeSession } from '../wire/session.js';
import { Mailbox } from './mailbox.js';
import { ReceivingClient } from './receiving-client.js';
import type { End, TestClient, TestMessage } from './test-client.js';
import { TestConnection } from './test-connection.js';

/** What a client needs of the application that it is connected to. */
export interface ClientHostParts {
  /** @param received told of each message, @param ended told of the end */
  open(owner: { received(message: TestMessage): void; ended(end: End): void }): TestConnection;
  /** Milliseconds that a message may take. */
  readonly patience: number;
  /** The client id of this record. */
  idOf(record: ClientRecord): string;
  /** What may be the reason when nothing comes. */
  explain(): string;
}

/** A client at a connection without a socket. */
export class InProcessClient extends ReceivingClient implements TestClient {
  readonly closed: Promise<End>;
  readonly #host: ClientHostParts;
  readonly #connection: TestConnection;
  #end: End | undefined;

  constructor(host: ClientHostParts) {
    super(new Mailbox(host.patience, () => host.explain()));
    this.#host = host;
    let onEnd!: (end: End) => void;
    this.closed = new Promise((resolve) => (onEnd = resolve));
    this.#connection = host.open({
      received: (message) => this.received(message),
      ended: (end) => {
        this.#end = end;
        this.ended(
          `the connection was closed with ${end.code}${end.reason === '' ? '' : ` (${end.reason})`}`,
        );
        onEnd(end);
      },
    });
  }

  get #record(): ClientRecord {
    return this.#connection.client as ClientRecord;
  }

  get id(): string {
    return this.#host.idOf(this.#record);
  }

  get open(): boolean {
    return this.#connection.open;
  }

  get end(): End | undefined {
    return this.#end;
  }

  get uid(): string | null {
    return this.#record.uid ?? null;
  }

  get groups(): readonly string[] {
    return [...(this.#record.groups ?? [])];
  }

  get session(): Session {
    return decodeSession(this.#record.state?.bytes ?? Buffer.alloc(0));
  }

  override send(message: string | Uint8Array): void {
    this.#connection.deliver(Buffer.from(message as string), typeof message !== 'string');
  }

  async close(code = 1000, reason = ''): Promise<End> {
    this.#connection.leave({ code, reason });
    return await this.closed;
  }

  async drop(): Promise<End> {
    return await this.close(1006);
  }

  fallSilent(): void {
    this.#connection.answersPings = false;
  }
}
