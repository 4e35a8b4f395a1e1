/*
 * How often something took how long, by fixed buckets, as Prometheus has them. Doubles, which may lie in shared memory:
 *
 *    0 … n-1   values up to bounds[0], up to bounds[1], …; each value is in the first bucket that takes it
 *    n         values above all bounds
 *    n + 1     the sum of all values
 *
 * One thread writes. A double that lies at a multiple of 8 is read whole, and what was counted outlives the thread.
 * `perf_hooks.createHistogram` would cost four times as much for each value, and has quantiles but no counts by bucket.
 */

/** Seconds that handlers take, and that an event loop is late: from what is usual to what nobody should wait for. */
export const SECONDS: readonly number[] = [
  0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
];

/** Doubles that so many bounds take. */
export function bucketsLength(bounds: readonly number[]): number {
  return bounds.length + 2;
}

/** Counts a value in what is drawn above. */
export function countValue(values: Float64Array, bounds: readonly number[], value: number): void {
  let bucket = 0;
  while (bucket < bounds.length && value > bounds[bucket]) bucket++;
  values[bucket]++;
  values[bounds.length + 1] += value;
}

/** Adds what one has counted to another: of the same bounds, or of counters and gauges, which are one double each. */
export function addValues(sum: Float64Array, values: ArrayLike<number>): void {
  for (let index = 0; index < sum.length; index++) sum[index] += values[index];
}
