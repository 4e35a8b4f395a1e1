import { type Mailbox, shown } from './mailbox.js';
import { NamedConversation, readNamed } from './named-conversation.js';
import type { TestMessage } from './test-client.js';

/** What all clients of tests have in common: messages come into a mailbox, and JSON is text. */
export abstract class ReceivingClient {
  readonly #mailbox: Mailbox;
  readonly #named = new NamedConversation((text) => this.send(text));

  constructor(mailbox: Mailbox) {
    this.#mailbox = mailbox;
  }

  get messages(): readonly TestMessage[] {
    return this.#mailbox.messages;
  }

  abstract send(message: string | Uint8Array): void;

  sendJson(value: unknown): void {
    this.send(JSON.stringify(value));
  }

  async next(): Promise<TestMessage> {
    return await this.#mailbox.next();
  }

  async nextJson<Value = unknown>(): Promise<Value> {
    return JSON.parse(String(await this.next())) as Value;
  }

  emit(event: string, data?: unknown): void {
    this.#named.emit(event, data);
  }

  async request<Value = unknown>(event: string, data?: unknown): Promise<Value> {
    const answer = this.#named.request(event, data);
    return (await this.#mailbox.await(`the answer to '${event}'`, answer)) as Value;
  }

  answer(event: string, handler: (data: unknown) => unknown): void {
    this.#named.answer(event, handler);
  }

  async nextEvent<Value = unknown>(event: string): Promise<Value> {
    const message = await this.next();
    const named = readNamed(message);
    if (named?.event === event) return named.data as Value;
    throw new Error(`A client waits for '${event}', and what has come is ${shown(message)}.`);
  }

  /** Something has come. */
  protected received(message: TestMessage): void {
    if (!this.#named.takes(message)) this.#mailbox.put(message);
  }

  /** Nothing comes any more. */
  protected ended(why: string): void {
    this.#mailbox.end(why);
    this.#named.end(why);
  }
}
