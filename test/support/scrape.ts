interface Line {
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly value: number;
}

type Labels = Readonly<Record<string, string>>;

/** What Prometheus is answered, in its text format. Values of labels are as they stand there. */
export class Scrape {
  readonly #lines: readonly Line[];

  constructor(text: string) {
    this.#lines = text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => {
        const [, name, labels = '', value] = /^([a-z0-9_]+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
        const pairs = [...labels.matchAll(/([a-z_]+)="((?:[^"\\]|\\.)*)"/g)];
        return { name, labels: new Map(pairs.map(([, label, of]) => [label, of])), value: Number(value) };
      });
  }

  /** The names of all lines. */
  get names(): ReadonlySet<string> {
    return new Set(this.#lines.map(({ name }) => name));
  }

  /** The sum of all that have these labels, and any others. */
  value(name: string, labels: Labels = {}): number {
    return this.#lines
      .filter((line) => line.name === name)
      .filter((line) => Object.entries(labels).every(([label, value]) => line.labels.get(label) === value))
      .reduce((sum, { value }) => sum + value, 0);
  }

  /** By how much something has grown. */
  since(before: Scrape): (name: string, labels?: Labels) => number {
    return (name, labels) => this.value(name, labels) - before.value(name, labels);
  }
}
