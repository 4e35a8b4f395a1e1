import { SECONDS } from '../ring/bucket-counts.js';
import { CATALOGUE, type MetricName } from './catalogue.js';
import type { Labels, Metric, Sample } from './metric.js';

/** What somebody tells of the catalogue's metrics, in its order: those that there is a sample of. */
export class MetricList {
  readonly #samples = new Map<MetricName, Sample[]>();

  /** @param value of a histogram, what ring/bucket-counts.ts draws */
  add(name: MetricName, labels: Labels, value: number | readonly number[]): void {
    let samples = this.#samples.get(name);
    if (samples === undefined) {
      samples = [];
      this.#samples.set(name, samples);
    }
    samples.push({ labels, values: typeof value === 'number' ? [value] : value });
  }

  /** For each of them, by the label's value. */
  addEach(name: MetricName, label: string, values: Readonly<Record<string, number>>): void {
    for (const [of, value] of Object.entries(values)) this.add(name, { [label]: of }, value);
  }

  get metrics(): Metric[] {
    return (Object.keys(CATALOGUE) as MetricName[]).flatMap((name) => {
      const samples = this.#samples.get(name);
      if (samples === undefined) return [];
      const { type, help } = CATALOGUE[name];
      return [{ name, type, help, ...(type === 'histogram' && { bounds: SECONDS }), samples }];
    });
  }
}
