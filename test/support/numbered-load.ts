import assert from 'node:assert/strict';
import type { ApiClient } from './api-client.js';

/** Calls that are asked for at once. */
const BATCH = 20;

/**
 * Numbered messages from one client's worker to another client, in all the ways there are, one after the other. Somebody in
 * the sender's own cell gets those to all and to the group as well.
 */
export class NumberedLoad {
  /** How many were sent. */
  sent = 0;
  readonly #from: ApiClient;
  readonly #to: ApiClient;
  readonly #uid: string;
  readonly #group: string;
  #on = true;
  #running: Promise<void> = Promise.resolve();
  /** How many of those were refused. */
  refused = 0;
  /** How many of the others were for the group or for all. */
  toOwn = 0;

  constructor(from: ApiClient, to: ApiClient, { uid, group }: { uid: string; group: string }) {
    this.#from = from;
    this.#to = to;
    this.#uid = uid;
    this.#group = group;
  }

  start(): void {
    this.#running = (async () => {
      while (this.#on) await this.send(BATCH);
    })();
  }

  /** Resolves when everything has been sent. */
  async stop(): Promise<void> {
    this.#on = false;
    await this.#running;
  }

  /** Resolves when so many more were sent. */
  async further(count: number): Promise<void> {
    const until = this.sent + count;
    while (this.sent < until) await new Promise((resolve) => setTimeout(resolve, 2));
  }

  async send(count: number): Promise<void> {
    for (let index = 0; index < count; index++) {
      const number = `#${this.sent + index}`;
      const calls = [
        ['sendToGroup', this.#group, number],
        ['sendToUid', this.#uid, number],
        ['sendToAll', number],
        ['sendToClient', this.#to.id, number],
      ];
      const [call, ...args] = calls[(this.sent + index) % calls.length];
      this.#from.request(call, args);
    }
    for (let index = 0; index < count; index++) {
      const { error } = await this.#from.outcome();
      if (error !== undefined) this.refused++;
      else if ((this.sent + index) % 2 === 0) this.toOwn++;
    }
    this.sent += count;
  }

  /** The numbers that a client has got, which have come in order and once, and how much else. @param end a message behind them */
  static async numbersOf(client: ApiClient, end: string): Promise<{ numbers: number[]; rest: number }> {
    const messages = await client.messagesBefore(end);
    const numbers = messages.flatMap((message) => {
      const [, number] = /^#(\d+)$/.exec(String(message)) ?? [];
      return number === undefined ? [] : [Number(number)];
    });
    for (const [index, number] of numbers.entries()) {
      assert.ok(index === 0 || number > numbers[index - 1], `${number} came behind ${numbers[index - 1]}`);
    }
    return { numbers, rest: messages.length - numbers.length };
  }
}
