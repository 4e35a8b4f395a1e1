import { Unfinished } from './unfinished.js';

/** Ids of clients that a thread before this one is still busy with, and has not released: their events wait. */
export class InheritedClients {
  readonly ids = new Set<string>();
  readonly #count = new Unfinished();

  add(clientIds: readonly string[]): void {
    for (const clientId of clientIds) {
      this.ids.add(clientId);
      this.#count.begin();
    }
  }

  has(client: { readonly id: string }): boolean {
    // most often there are none, and nobody has asked for its id yet
    return this.ids.size > 0 && this.ids.has(client.id);
  }

  /** That thread is done with it. @returns whether it was one of these */
  take(clientId: string): boolean {
    return this.ids.delete(clientId);
  }

  /** What is to be done with one that was taken is done. */
  taken(): void {
    this.#count.end();
  }

  /** Another thread waits for them from now on. */
  leave(): void {
    for (const clientId of this.ids) {
      this.ids.delete(clientId);
      this.#count.end();
    }
  }

  /** Resolves when there are none. */
  async none(): Promise<void> {
    await this.#count.none();
  }
}
