import type { TestMessage } from './test-client.js';

/** What a client has got and was not asked for yet, and those who wait for what it will get. */
export class Mailbox {
  /** Everything, in the order of its coming. */
  readonly messages: TestMessage[] = [];
  readonly #patience: number;
  readonly #explain: () => string;
  #read = 0;
  #end: string | undefined;
  readonly #waiting: { resolve: (message: TestMessage) => void; reject: (error: Error) => void }[] = [];

  /**
   * @param patience milliseconds, of the machine's clock, that a message may take: it only bounds a failure
   * @param explain what may be the reason when nothing comes, for the error's message
   */
  constructor(patience: number, explain: () => string) {
    this.#patience = patience;
    this.#explain = explain;
  }

  put(message: TestMessage): void {
    this.messages.push(message);
    const next = this.#waiting.shift();
    if (next === undefined) return;
    this.#read++;
    next.resolve(message);
  }

  /** Nothing comes any more. */
  end(why: string): void {
    this.#end = why;
    for (const { reject } of this.#waiting.splice(0)) reject(this.#nothing(why));
  }

  /** The first message that was not asked for yet. */
  async next(): Promise<TestMessage> {
    if (this.#read < this.messages.length) return this.messages[this.#read++];
    if (this.#end !== undefined) throw this.#nothing(this.#end);
    return await new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(entry), 1);
        reject(this.#nothing(`nothing came within ${this.#patience / 1000} s`));
      }, this.#patience);
      const entry = {
        resolve: (message: TestMessage) => {
          clearTimeout(timer);
          resolve(message);
        },
        reject: (error: Error) => {
          clearTimeout(timer);
          reject(error);
        },
      };
      this.#waiting.push(entry);
    });
  }

  /** Resolves as `answer` does, which may take as long as a message may. @param what is waited for */
  async await<Value>(what: string, answer: Promise<Value>): Promise<Value> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const why = `A client waits for ${what}, and nothing came within ${this.#patience / 1000} s.`;
      timer = setTimeout(() => reject(new Error([why, this.#explain()].join(' ').trim())), this.#patience);
    });
    try {
      return await Promise.race([answer, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  #nothing(why: string): Error {
    const got = this.messages.length;
    const last =
      got === 0 ? 'It has got none so far.' : `The last of ${got} was ${shown(this.messages[got - 1])}.`;
    return new Error([`A client waits for a message, and ${why}. ${last}`, this.#explain()].join(' ').trim());
  }
}

/** A message as an error quotes it. */
export function shown(message: TestMessage): string {
  const text = typeof message === 'string' ? JSON.stringify(message) : `${message.length} bytes`;
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
