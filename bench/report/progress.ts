/** One line that says what is being done, where somebody watches. */
export class Progress {
  readonly #steps: number;
  #begun = 0;
  /** However this process ends, its shell finds the line empty. */
  readonly #clear = (): void => {
    process.stderr.write('\r\u001B[K');
  };

  constructor(steps: number) {
    this.#steps = steps;
    if (process.stderr.isTTY) process.on('exit', this.#clear);
  }

  next(what: string): void {
    const done = this.#begun++;
    if (!process.stderr.isTTY) return;
    const width = 20;
    const full = Math.floor((done / this.#steps) * width);
    process.stderr.write(
      `\r\u001B[K${'█'.repeat(full)}${'░'.repeat(width - full)} ${done}/${this.#steps} ${what}`,
    );
  }

  /** Takes the line away. It may be written again. */
  end(): void {
    if (process.stderr.isTTY) this.#clear();
  }
}
