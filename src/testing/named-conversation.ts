import { checkNamed } from '../api/emit-calls.js';
import { base64Text, packNamed } from '../wire/named-bytes.js';
import { type NamedError, answerText, eventText, requestText } from '../wire/named-message.js';
import { Refused } from '../worker/refused.js';
import type { TestMessage } from './test-client.js';

interface Asked {
  readonly resolve: (data: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** A message that was sent by name, as a client reads it. */
export interface NamedMessage {
  readonly id?: number;
  readonly event?: string;
  readonly data?: unknown;
  readonly error?: NamedError;
}

/** Messages with names, as a plain client sends and reads them: JSON text, in which bytes are base64. */
export class NamedConversation {
  readonly #send: (text: string) => void;
  readonly #asked = new Map<number, Asked>();
  readonly #answering = new Map<string, (data: unknown) => unknown>();
  #lastId = 0;

  constructor(send: (text: string) => void) {
    this.#send = send;
  }

  emit(event: string, data: unknown): void {
    this.#send(text('emit', event, data, eventText));
  }

  async request(event: string, data: unknown): Promise<unknown> {
    const id = ++this.#lastId;
    this.#send(text('request', event, data, (name, json) => requestText(id, name, json)));
    return await new Promise((resolve, reject) => this.#asked.set(id, { resolve, reject }));
  }

  answer(event: string, handler: (data: unknown) => unknown): void {
    this.#answering.set(event, handler);
  }

  /** @returns whether it is an answer, or a request that is answered here: nothing for the test to read */
  takes(message: TestMessage): boolean {
    if (this.#asked.size + this.#answering.size === 0) return false;
    const { id, event, data, error } = readNamed(message) ?? {};
    if (id === undefined) return false;
    if (event === undefined) {
      const asked = this.#asked.get(id);
      this.#asked.delete(id);
      if (error === undefined) asked?.resolve(data);
      else asked?.reject(new Refused(error.code, error.message));
      return asked !== undefined;
    }
    const handler = this.#answering.get(event);
    if (handler !== undefined) void this.#answer(id, event, handler, data);
    return handler !== undefined;
  }

  /** Nothing comes any more. */
  end(why: string): void {
    for (const { reject } of this.#asked.values())
      reject(new Error(`A client waits for an answer, and ${why}.`));
    this.#asked.clear();
  }

  async #answer(
    id: number,
    event: string,
    handler: (data: unknown) => unknown,
    data: unknown,
  ): Promise<void> {
    try {
      const result = await handler(data);
      this.#send(text('answer', event, result, (_name, json) => answerText(id, json)));
    } catch (error) {
      const { code = 'Error', message } = error as { code?: string; message: string };
      this.#send(JSON.stringify({ id, error: { code, message } }));
    }
  }
}

/** What a message says; undefined for one that is no JSON object. */
export function readNamed(message: TestMessage): NamedMessage | undefined {
  try {
    const value: unknown = JSON.parse(String(message));
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

function text(
  call: string,
  event: string,
  data: unknown,
  write: (event: string, json: string | undefined) => string,
): string {
  const { json, attachments } = checkNamed(call, event, data);
  const written = write(event, json);
  return attachments.length === 0 ? written : base64Text(packNamed(written, attachments)).toString();
}
