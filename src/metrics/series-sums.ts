import { addValues } from '../ring/bucket-counts.js';
import { METRICS_REFUSED } from './catalogue.js';
import { type Definition, isSame } from './definition.js';
import type { Metric } from './metric.js';
import type { SharedSeries } from './thread-series.js';

interface Summed {
  readonly definition: Definition;
  readonly series: Map<string, { readonly labelValues: readonly string[]; readonly values: Float64Array }>;
}

/** Series of several threads, added up. */
export class SeriesSums {
  readonly #most: number;
  readonly #metrics = new Map<string, Summed>();
  #size = 0;

  /** @param most series that are kept; those beyond are only counted */
  constructor(most = Infinity) {
    this.#most = most;
  }

  /** Adds what another thread has counted. Of two metrics that are not the same, the one that comes last counts. */
  add({ definition, labelValues, values }: SharedSeries): void {
    const { series } = this.#metric(definition);
    const key = labelValues.join('\0');
    let sum = series.get(key);
    if (sum === undefined) {
      if (this.#size >= this.#most && definition.name !== METRICS_REFUSED.name) {
        this.add({ definition: METRICS_REFUSED, labelValues: [], values: new Float64Array([1]) });
        return;
      }
      this.#size++;
      sum = { labelValues, values: new Float64Array(values.length) };
      series.set(key, sum);
    }
    addValues(sum.values, values);
  }

  addAll(other: SeriesSums): void {
    for (const { definition, series } of other.#metrics.values()) {
      for (const one of series.values()) this.add({ definition, ...one });
    }
  }

  get metrics(): Metric[] {
    return Array.from(this.#metrics.values(), ({ definition, series }) => {
      const { name, help, type, bounds, labelNames } = definition;
      const samples = Array.from(series.values(), ({ labelValues, values }) => ({
        labels: Object.fromEntries(labelNames.map((label, index) => [label, labelValues[index]])),
        values: [...values],
      }));
      return { name, help, type, ...(bounds && { bounds }), samples };
    });
  }

  #metric(definition: Definition): Summed {
    const known = this.#metrics.get(definition.family);
    if (known !== undefined) {
      if (isSame(known.definition, definition)) return known;
      this.#size -= known.series.size;
    }
    const metric = { definition, series: new Map() };
    this.#metrics.set(definition.family, metric);
    return metric;
  }
}
