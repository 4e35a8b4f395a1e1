import type { ListenerContext } from '../gateway/protocols/listener-context.js';
import type { Metric } from '../metrics/metric.js';
import { MetricList } from '../metrics/metric-list.js';
import { addStatus, threadOf } from '../ops/requests/status-metrics.js';
import type { NodeStatus } from '../ops/requests/status.js';
import type { Pool } from '../pool/pool.js';

const MICROSECONDS = 1e6;

interface Measured {
  readonly status: NodeStatus;
  readonly listeners: readonly ListenerContext[];
  readonly pool: Pick<Pool, 'measures' | 'metrics'> | undefined;
  /** How late the main thread's event loop comes round: ring/bucket-counts.ts. */
  readonly delays: ArrayLike<number>;
}

/** What a node measures, with what its application does. Nothing here looks at each client. */
export function nodeMetrics({ status, listeners, pool, delays }: Measured): Metric[] {
  const list = new MetricList();
  addStatus(list, status);
  const { user, system } = process.cpuUsage();
  list.add('process_start_time_seconds', {}, performance.timeOrigin / 1000);
  list.add('process_cpu_seconds_total', {}, (user + system) / MICROSECONDS);
  const main = { thread: 'main' };
  list.add('gatewayworker_event_loop_delay_seconds', main, Array.from(delays));
  const { active } = performance.eventLoopUtilization();
  list.add('gatewayworker_event_loop_active_seconds_total', main, active / 1000);
  for (const { url, bytesIn, bytesOut } of listeners) {
    list.add('gatewayworker_bytes_received_total', { listener: url }, bytesIn);
    list.add('gatewayworker_bytes_sent_total', { listener: url }, bytesOut);
  }
  for (const slot of pool?.measures() ?? []) {
    const thread = { thread: threadOf(slot.slot) };
    list.add('gatewayworker_event_loop_delay_seconds', thread, slot.delays);
    list.add('gatewayworker_event_loop_active_seconds_total', thread, slot.active);
    list.add('gatewayworker_event_duration_seconds', { worker: String(slot.slot) }, slot.durations);
  }
  return [...list.metrics, ...(pool?.metrics() ?? [])];
}
