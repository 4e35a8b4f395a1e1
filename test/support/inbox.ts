/** Milliseconds that any one thing may take: it only bounds a failure. */
export const LIMIT = 20_000;

/** What arrived and was not asked for yet, and those who asked for what has not arrived yet: one of the two is empty. */
export class Inbox<Item> {
  readonly #name: string;
  readonly #items: Item[] = [];
  readonly #waiting: { resolve: (item: Item) => void; reject: (error: Error) => void }[] = [];
  #end: Error | undefined;

  /** @param name whose inbox it is, for messages */
  constructor(name: string) {
    this.#name = name;
  }

  /** How many have arrived and were not asked for. */
  get length(): number {
    return this.#items.length;
  }

  put(item: Item): void {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#items.push(item);
    else waiting.resolve(item);
  }

  /** Nothing arrives any more: whoever waits, or asks for more than has arrived, gets this error. */
  end(error: Error): void {
    this.#end = error;
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }

  /** The next one; rejects when none arrives within {@link LIMIT}. */
  next(): Promise<Item> {
    if (this.#items.length > 0) return Promise.resolve(this.#items.shift() as Item);
    if (this.#end !== undefined) return Promise.reject(this.#end);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        reject(new Error(`${this.#name} waited ${LIMIT / 1000} s in vain for what comes next.`));
      }, LIMIT);
      const waiting = {
        resolve: (item: Item) => {
          clearTimeout(timer);
          resolve(item);
        },
        reject: (error: Error) => {
          clearTimeout(timer);
          reject(error);
        },
      };
      this.#waiting.push(waiting);
    });
  }
}
