/** Counts what has to end before a thread may: handlers, and what the events of a client wait for. */
export class Unfinished {
  #count = 0;
  #onNone: (() => void) | undefined;

  begin(): void {
    this.#count++;
  }

  end(): void {
    this.#count--;
    this.#look();
  }

  /** Resolves when nothing is unfinished. */
  async none(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#onNone = resolve;
      this.#look();
    });
  }

  #look(): void {
    if (this.#count === 0) this.#onNone?.();
  }
}
