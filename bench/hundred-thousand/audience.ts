import { Child } from '../servers/child.js';
import type { AudienceOrder, AudienceOutcome } from './audience-process.js';

/** The clients of all nodes: one process for each node's. */
export class Audience {
  readonly #children: readonly Child[];

  constructor(processes: number) {
    this.#children = Array.from({ length: processes }, (_, index) =>
      Child.fork(`the clients of node-${index}`, new URL('audience-process.js', import.meta.url)),
    );
  }

  /** Connects clients to each of the ports, and signs them in. */
  async open(ports: readonly number[], clients: readonly number[]): Promise<void> {
    await Promise.all(
      ports.map(async (port, index) => {
        await this.#order(index, { order: 'open', port, clients: clients[index] });
      }),
    );
  }

  /** From now on every client is to get this message, once. */
  async expect(message: number): Promise<void> {
    await this.#all({ order: 'expect', message });
  }

  /** Resolves when all have it. @returns when the last one had it. @throws when one got anything else, or got it twice */
  async receive(): Promise<number> {
    return Math.max(...(await this.#all({ order: 'receive' })));
  }

  async stop(): Promise<void> {
    await Promise.all(this.#children.map(async (child) => await child.stop()));
  }

  async #all(order: AudienceOrder): Promise<number[]> {
    return await Promise.all(this.#children.map(async (_, index) => await this.#order(index, order)));
  }

  async #order(index: number, order: AudienceOrder): Promise<number> {
    const child = this.#children[index];
    const answered = new Promise<AudienceOutcome>((resolve) => {
      child.process.once('message', (outcome) => resolve(outcome as AudienceOutcome));
    });
    child.process.send(order);
    const outcome = await child.orExit(answered);
    if ('error' in outcome) throw new Error(`The clients of node-${index}: ${outcome.error}`);
    return outcome.at;
  }
}
