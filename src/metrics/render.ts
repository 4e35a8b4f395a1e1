import type { RegistryContentType } from 'prom-client';
import type { Metric, Sample } from './metric.js';

/** What a scraper is answered. */
export interface RenderedMetrics {
  readonly contentType: string;
  readonly body: string;
}

const OPENMETRICS = 'application/openmetrics-text';

/**
 * Metrics as text for Prometheus.
 *
 * @param accept the request's header of that name: OpenMetrics where that is wanted more, else Prometheus' own format
 */
export async function renderMetrics(metrics: readonly Metric[], accept: string): Promise<RenderedMetrics> {
  // with the first scrape: a node that nobody scrapes does without; and of the package what renders, since all of it would
  // keep the main thread for 90 ms, and this does for 15
  const { default: Registry } = await import('prom-client/lib/registry.js');
  const registry = new Registry<RegistryContentType>();
  if (wantsOpenMetrics(accept)) registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  for (const metric of metrics) {
    const shown = {
      ...metric,
      // the registry changes the name for OpenMetrics
      get() {
        const { name, help, type } = this;
        return { name, help, type, values: metric.samples.flatMap((sample) => linesOf(metric, sample)) };
      },
    };
    registry.registerMetric(shown as never);
  }
  return { contentType: registry.contentType, body: await registry.metrics() };
}

interface Line {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  readonly metricName?: string;
}

function linesOf({ name, bounds }: Metric, { labels, values }: Sample): readonly Line[] {
  if (bounds === undefined) return [{ labels, value: values[0] }];
  let count = 0;
  const buckets = [...bounds.map(String), '+Inf'].map((le, index) => {
    count += values[index];
    return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: count };
  });
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels, value: values[bounds.length + 1] },
    { metricName: `${name}_count`, labels, value: count },
  ];
}

function wantsOpenMetrics(accept: string): boolean {
  const wanted = new Map<string, number>();
  for (const range of accept.split(',')) {
    const [type, ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    const [, quality = '1'] = /^q=(.*)$/.exec(parameters.find((one) => one.startsWith('q=')) ?? '') ?? [];
    wanted.set(type, Math.max(wanted.get(type) ?? 0, Number(quality) || 0));
  }
  const open = wanted.get(OPENMETRICS) ?? 0;
  return open > 0 && open >= (wanted.get('text/plain') ?? 0);
}
