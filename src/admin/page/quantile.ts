/** How often something took how long. */
export interface Buckets {
  /** Seconds, ascending. */
  readonly bounds: readonly number[];
  /** How many took up to each bound, and longer than the one before; then those beyond all. */
  readonly counts: readonly number[];
}

/** What was counted between two moments. */
export function grown(
  before: readonly number[],
  after: readonly number[],
  bounds: readonly number[],
): Buckets {
  return { bounds, counts: after.map((count, index) => Math.max(0, count - (before[index] ?? 0))) };
}

/** Several as one. */
export function together(all: readonly Buckets[]): Buckets | undefined {
  const [first, ...rest] = all;
  if (first === undefined) return undefined;
  const counts = first.counts.map((count, index) =>
    rest.reduce((sum, one) => sum + (one.counts[index] ?? 0), count),
  );
  return { bounds: first.bounds, counts };
}

/** Milliseconds that this share of what was counted took at most, as far as buckets tell; 0 where nothing was. */
export function quantile({ bounds, counts }: Buckets, share: number): number {
  const total = counts.slice(0, bounds.length + 1).reduce((sum, count) => sum + count, 0);
  let left = total * share;
  if (total === 0) return 0;
  for (const [index, bound] of bounds.entries()) {
    if (left <= counts[index]) {
      const lower = index === 0 ? 0 : bounds[index - 1];
      return (lower + ((bound - lower) * left) / counts[index]) * 1000;
    }
    left -= counts[index];
  }
  return bounds[bounds.length - 1] * 1000;
}

/** Milliseconds that the longest took at least, and nothing much longer: the lower bound of its bucket. */
export function longest({ bounds, counts }: Buckets): number {
  const index = counts.slice(0, bounds.length + 1).findLastIndex((count) => count > 0);
  return index <= 0 ? 0 : bounds[index - 1] * 1000;
}
