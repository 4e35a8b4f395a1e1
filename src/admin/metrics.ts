import type { Metric } from '../metrics/metric.js';
import type { Route } from './route.js';

/** What Prometheus asks for. */
export const metricsRoute: Route = {
  method: 'GET',
  path: '/metrics',
  async handle(exchange, { node }) {
    const metrics = (await node.answer({ command: 'metrics' })) as readonly Metric[];
    const { renderMetrics } = await import('../metrics/render.js');
    const { contentType, body } = await renderMetrics(metrics, exchange.request.headers.accept ?? '');
    exchange.send(200, body, { 'Content-Type': contentType });
  },
};
