import type { AskedQuery } from './asked-query.js';

/** What is sent while one connection to a gateway ends and the next one has not begun, in its order. */
export class Intermission {
  readonly #items: Array<Buffer | AskedQuery>;
  readonly #bufferSize: number;
  #bytes = 0;

  /**
   * @param again queries that the next connection begins with
   * @param bufferSize bytes from which on it is congested
   */
  constructor(again: readonly AskedQuery[], bufferSize: number) {
    this.#items = [...again];
    this.#bufferSize = bufferSize;
  }

  /** Bytes of what was sent meanwhile. */
  get bytes(): number {
    return this.#bytes;
  }

  get congested(): boolean {
    return this.#bytes >= this.#bufferSize;
  }

  /** Commands as bytes, and queries. */
  [Symbol.iterator](): Iterator<Buffer | AskedQuery> {
    return this.#items.values();
  }

  write(bytes: Buffer): void {
    this.#items.push(bytes);
    this.#bytes += bytes.length;
  }

  ask(query: AskedQuery): void {
    this.#items.push(query);
    this.#bytes += query.bytes.length;
  }
}
