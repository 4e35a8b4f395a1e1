/** What is measured, and what it is now, as plain values: so they go from a process to another, and whoever shows them renders them. */
export interface Metric {
  /** In snake case, with its unit: `gatewayworker_clients`, `…_bytes`, `…_seconds`; counters end in `_total`. */
  readonly name: string;
  /** What it is, in a sentence. */
  readonly help: string;
  readonly type: MetricType;
  /** Of a histogram: the upper bounds of its buckets, ascending, without the last, which has none. */
  readonly bounds?: readonly number[];
  readonly samples: readonly Sample[];
}

export type MetricType = 'counter' | 'gauge' | 'histogram';

export type Labels = Readonly<Record<string, string>>;

export interface Sample {
  readonly labels: Labels;
  /** One number; of a histogram the counts of its buckets, the last one without a bound, and the sum of what was observed. */
  readonly values: readonly number[];
}

/** The metrics of several as one: each sample gets a label that says whose it is. */
export function labelled(
  metrics: ReadonlyArray<readonly [whose: string, metrics: readonly Metric[]]>,
  label: string,
): Metric[] {
  const all = new Map<string, Metric & { readonly samples: Sample[] }>();
  for (const [whose, own] of metrics) {
    for (const metric of own) {
      let merged = all.get(metric.name);
      if (merged === undefined) {
        merged = { ...metric, samples: [] };
        all.set(metric.name, merged);
      } else if (!isSameShape(merged, metric)) {
        // in the middle of a rolling restart another code may have another metric by that name
        continue;
      }
      for (const { labels, values } of metric.samples)
        merged.samples.push({ labels: { [label]: whose, ...labels }, values });
    }
  }
  return [...all.values()];
}

/** Whether what two of one name have measured can stand side by side. */
export function isSameShape(
  one: Pick<Metric, 'type' | 'bounds'>,
  other: Pick<Metric, 'type' | 'bounds'>,
): boolean {
  return one.type === other.type && String(one.bounds) === String(other.bounds);
}
