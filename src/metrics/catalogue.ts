import type { MetricType } from './metric.js';

interface Entry {
  readonly type: MetricType;
  readonly help: string;
}

/** What a node tells of itself. `docs/metrics.md` has the same as a table, which a test compares. */
export const CATALOGUE = {
  // ---- the process ----
  gatewayworker_info: gauge('The node: its name and versions. Always 1.'),
  process_start_time_seconds: gauge('When the node was started, in seconds since 1970.'),
  process_cpu_seconds_total: counter('Processor time that the process has taken.'),
  process_resident_memory_bytes: gauge('Memory that the process takes.'),
  gatewayworker_heap_used_bytes: gauge('JavaScript heap in use.'),
  gatewayworker_external_memory_bytes: gauge('Memory that JavaScript objects hold outside of the heap.'),
  gatewayworker_event_loop_delay_seconds: histogram(
    'How late an event loop comes round: looked at four times a second, on the main thread from the first scrape on.',
  ),
  gatewayworker_event_loop_active_seconds_total: counter('Time in which an event loop was not idle.'),
  // ---- clients ----
  gatewayworker_clients: gauge('Clients that are connected.'),
  gatewayworker_connections_total: counter('Clients that came in.'),
  gatewayworker_connections_refused_total: counter(
    'Clients turned away by maxConnections, at a shutdown, or for lack of a worker.',
  ),
  gatewayworker_refused_total: counter(
    'What clients were refused, by kind: mostly their connections, for what they sent.',
  ),
  gatewayworker_messages_received_total: counter('Messages that clients have sent.'),
  gatewayworker_messages_sent_total: counter('Messages that were sent to clients: one for each who gets it.'),
  gatewayworker_bytes_received_total: counter(
    'Bytes that clients have sent after their handshakes, framing included, as they are within TLS.',
  ),
  gatewayworker_bytes_sent_total: counter(
    'Bytes of the messages that were sent to clients, framing included, as they are within TLS.',
  ),
  gatewayworker_slow_clients_total: counter('Clients closed because they did not read.'),
  gatewayworker_heartbeat_drops_total: counter('Clients closed because they gave no sign of life.'),
  gatewayworker_certificate_expiry_time_seconds: gauge(
    'When the first certificate of a listener expires, in seconds since 1970.',
  ),
  gatewayworker_lost_total: counter('What was lost, by cause.'),
  // ---- workers ----
  gatewayworker_worker_up: gauge('Whether a thread serves the worker: 1 or 0.'),
  gatewayworker_worker_clients: gauge('Clients whose events the worker handles.'),
  gatewayworker_events_handled_total: counter('Events that were handled.'),
  gatewayworker_event_duration_seconds: histogram(
    'How long handlers took, until what they return has settled.',
  ),
  gatewayworker_event_errors_total: counter('Handlers that threw or rejected.'),
  gatewayworker_events_pending: gauge('Handlers whose promise has not settled.'),
  gatewayworker_worker_queue_bytes: gauge('Bytes of events that wait for the worker.'),
  gatewayworker_worker_queue_age_seconds: gauge('How long the oldest of them has waited.'),
  gatewayworker_worker_restarts_total: counter('How often a thread that died was replaced.'),
  gatewayworker_reloads_total: counter('Reloads that have succeeded.'),
  gatewayworker_database_connections: gauge('Connections to databases, busy or idle.'),
  gatewayworker_database_waiting: gauge('Statements and transactions that wait for a connection.'),
  gatewayworker_database_slow_total: counter('Statements that took longer than their limit.'),
  gatewayworker_database_errors_total: counter('Statements and connections that failed.'),
  gatewayworker_metrics_refused_total: counter(
    'How often a metric of the application was not counted, since it has too many labels.',
  ),
  // ---- the cluster ----
  gatewayworker_register_joined: gauge('Whether the node has joined a Register: 1 or 0.'),
  gatewayworker_register_gateways: gauge('Gateways at the Register that this node hosts.'),
  gatewayworker_register_workers: gauge('Connections that this Register tells of gateways.'),
  gatewayworker_gateway_link_up: gauge(
    'Whether all workers of this node reach the gateway of another: 1 or 0.',
  ),
  gatewayworker_gateway_link_waiting_bytes: gauge('Bytes that wait on the way to it.'),
  gatewayworker_gateway_link_spared_total: counter(
    'Sends to uids and groups that were not sent there, since it has no client of them.',
  ),
  gatewayworker_remote_workers: gauge('Workers of another node that this gateway has a link to, by state.'),
  gatewayworker_remote_workers_waiting_bytes: gauge('Bytes of events that wait on the way to them.'),
  gatewayworker_inner_refused_total: counter('Peers turned away on the inner port or the Register, by kind.'),
  // ---- other cells, by the backbone ----
  gatewayworker_backbone_up: gauge('Whether the node is connected to NATS, and subscribed: 1 or 0.'),
  gatewayworker_backbone_waiting_bytes: gauge('Bytes that wait for NATS, or for its confirmation.'),
  gatewayworker_backbone_published_total: counter('Frames that NATS has taken.'),
  gatewayworker_backbone_unsent_total: counter(
    'Frames that were given up, since NATS was away for long or did not take them.',
  ),
  gatewayworker_backbone_followed: gauge(
    'Subjects that are followed, since clients here have names in them.',
  ),
  gatewayworker_backbone_gateways: gauge('Gateways of another cell, by state.'),
  gatewayworker_backbone_received_total: counter('Frames that came of another cell.'),
  gatewayworker_backbone_lost_total: counter('Frames of another cell that did not come.'),
  // ---- a group of nodes ----
  gatewayworker_member_up: gauge('Whether a node of the group has answered: 1 or 0.'),
  gatewayworker_member_restarts_total: counter('How often a process of it that died was replaced.'),
} as const satisfies Readonly<Record<string, Entry>>;

export type MetricName = keyof typeof CATALOGUE;

/** What threads count of what they do not count. */
export const METRICS_REFUSED = {
  name: 'gatewayworker_metrics_refused_total',
  family: 'gatewayworker_metrics_refused',
  ...CATALOGUE.gatewayworker_metrics_refused_total,
  labelNames: [],
} as const;

function counter(help: string) {
  return { type: 'counter', help } as const;
}

function gauge(help: string) {
  return { type: 'gauge', help } as const;
}

function histogram(help: string) {
  return { type: 'histogram', help } as const;
}
