import type { Mailbox } from './mailbox.js';
import type { TestMessage } from './test-client.js';

/** What all clients of tests have in common: messages come into a mailbox, and JSON is text. */
export abstract class ReceivingClient {
  protected readonly mailbox: Mailbox;

  constructor(mailbox: Mailbox) {
    this.mailbox = mailbox;
  }

  get messages(): readonly TestMessage[] {
    return this.mailbox.messages;
  }

  abstract send(message: string | Uint8Array): void;

  sendJson(value: unknown): void {
    this.send(JSON.stringify(value));
  }

  async next(): Promise<TestMessage> {
    return await this.mailbox.next();
  }

  async nextJson<Value = unknown>(): Promise<Value> {
    return JSON.parse(String(await this.next())) as Value;
  }
}
