/** One line that says what is being done, where somebody watches. */
export class Progress {
  readonly #steps: number;
  #step = 0;

  constructor(steps: number) {
    this.#steps = steps;
  }

  next(what: string): void {
    this.#step++;
    if (!process.stderr.isTTY) return;
    const width = 20;
    const done = Math.round((this.#step / this.#steps) * width);
    process.stderr.write(
      `\r\u001B[K${'█'.repeat(done)}${'░'.repeat(width - done)} ${this.#step}/${this.#steps} ${what}`,
    );
  }

  end(): void {
    if (process.stderr.isTTY) process.stderr.write('\r\u001B[K');
  }
}
