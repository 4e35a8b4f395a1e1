/** First in, first out, in constant time. Array.shift moves every element of a long array. */
export class Queue<T> {
  #items: T[] = [];
  #first = 0;

  get length(): number {
    return this.#items.length - this.#first;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  /** The oldest item, which stays. */
  peek(): T | undefined {
    return this.#items[this.#first];
  }

  shift(): T | undefined {
    const item = this.#items[this.#first];
    if (item === undefined) return undefined;
    // the element is cleared so that it keeps nothing alive; the array is cut once half of it is empty
    this.#items[this.#first++] = undefined as T;
    if (this.#first > 32 && this.#first * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#first);
      this.#first = 0;
    }
    return item;
  }

  /** All items, oldest first, which stay. */
  *[Symbol.iterator](): Generator<T> {
    for (let index = this.#first; index < this.#items.length; index++) yield this.#items[index];
  }

  clear(): void {
    this.#items = [];
    this.#first = 0;
  }
}
