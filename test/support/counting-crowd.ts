import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiClient } from './api-client.js';

/** Milliseconds between a client's calls: there are to be many clients, and no one who waits for a processor. */
const PAUSE = 10;

/**
 * Clients that count in their sessions, each one call after the other, and check every answer: what is lost, doubled or
 * out of order shows as a number that was not expected, or as none.
 */
export class CountingCrowd {
  /** Milliseconds that the slowest answer took. */
  slowest = 0;
  /** Answers, all of them right. */
  answers = 0;
  #counting = true;
  readonly #clients: readonly ApiClient[];
  readonly #work: readonly Promise<void>[];

  private constructor(clients: readonly ApiClient[]) {
    this.#clients = clients;
    this.#work = clients.map(async (client) => await this.#count(client));
    // stop() tells
    for (const work of this.#work) work.catch(() => {});
  }

  static async start(url: string, count: number): Promise<CountingCrowd> {
    return new CountingCrowd(
      await Promise.all(Array.from({ length: count }, async () => await ApiClient.connect(url))),
    );
  }

  /** Resolves when all have their last answer, and are disconnected. @throws what went wrong for any of them */
  async stop(): Promise<void> {
    this.#counting = false;
    await Promise.all(this.#work);
    await Promise.all(this.#clients.map(async ({ ws }) => await ws.close()));
  }

  async #count(client: ApiClient): Promise<void> {
    let expected = 0;
    while (this.#counting) {
      expected++;
      const asked = performance.now();
      assert.equal(await client.call('session.increment'), expected);
      this.slowest = Math.max(this.slowest, performance.now() - asked);
      this.answers++;
      await sleep(PAUSE);
    }
  }
}
