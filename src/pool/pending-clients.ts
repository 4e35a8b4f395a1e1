import type { Generation } from './generation.js';

/** Clients whose events wait until a handler in an older thread is done, and which thread that is. */
export class PendingClients {
  readonly #clients = new Map<string, Generation>();

  get ids(): string[] {
    return [...this.#clients.keys()];
  }

  /** Those that this thread is busy with. */
  of(generation: Generation): string[] {
    return this.ids.filter((clientId) => this.#clients.get(clientId) === generation);
  }

  add(clientIds: readonly string[], generation: Generation): void {
    for (const clientId of clientIds) this.#clients.set(clientId, generation);
  }

  /** @returns whether this thread was busy with it, and no other */
  remove(clientId: string, generation: Generation): boolean {
    return this.#clients.get(clientId) === generation && this.#clients.delete(clientId);
  }
}
