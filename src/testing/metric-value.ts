import type { Labels, Metric } from '../metrics/metric.js';

/**
 * What a scrape would have by this name, of all that has these labels together; 0 where nothing has been counted.
 *
 * @param name of a histogram, with `_count` or `_sum` behind it
 */
export function metricValue(metrics: readonly Metric[], name: string, labels: Labels): number {
  for (const metric of metrics) {
    const { bounds, samples } = metric;
    const valueOf = (values: readonly number[]): number | undefined => {
      if (bounds === undefined) return metric.name === name ? values[0] : undefined;
      if (name === `${metric.name}_sum`) return values[bounds.length + 1];
      if (name !== `${metric.name}_count`) return undefined;
      return values.slice(0, bounds.length + 1).reduce((sum, count) => sum + count, 0);
    };
    const meant = samples.filter((sample) =>
      Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
    );
    const found = meant.map(({ values }) => valueOf(values)).filter((value) => value !== undefined);
    if (found.length > 0) return found.reduce((sum, value) => sum + value, 0);
  }
  return 0;
}
