import type { MetricList } from '../../metrics/metric-list.js';
import type { BackboneStatus, ClusterStatus, NodeStatus, WorkerStatus } from './status.js';

/** What a node's status says, as metrics. */
export function addStatus(list: MetricList, status: NodeStatus): void {
  const { name, version, nodejs, memory, listeners, counters, workers, reloads, log } = status;
  list.add('gatewayworker_info', { name, version, nodejs }, 1);
  list.add('process_resident_memory_bytes', {}, memory.rss);
  list.add('gatewayworker_heap_used_bytes', { thread: 'main' }, memory.heapUsed);
  list.add('gatewayworker_external_memory_bytes', { thread: 'main' }, memory.external);
  if (status.roles.includes('gateway')) {
    for (const { url, connections, certificate } of listeners) {
      list.add('gatewayworker_clients', { listener: url }, connections);
      if (certificate === null) continue;
      const expiry = Date.parse(certificate.validTo) / 1000;
      list.add('gatewayworker_certificate_expiry_time_seconds', { listener: url }, expiry);
    }
    list.add('gatewayworker_connections_total', {}, counters.connections);
    list.add('gatewayworker_connections_refused_total', {}, counters.refusedConnections);
    list.addEach('gatewayworker_refused_total', 'kind', counters.refusals);
    list.add('gatewayworker_messages_received_total', {}, counters.messagesIn);
    list.add('gatewayworker_messages_sent_total', {}, counters.messagesOut);
    list.add('gatewayworker_slow_clients_total', {}, counters.slowClients);
    list.add('gatewayworker_heartbeat_drops_total', {}, counters.heartbeatDrops);
  }
  list.addEach('gatewayworker_lost_total', 'cause', {
    'slow client': counters.messagesDropped,
    'datagram queue full': counters.datagramsDropped,
    'no such worker': counters.workerMessagesDropped,
    'worker died': workers.reduce((sum, { lost }) => sum + lost, 0),
    log: log.lost,
  });
  if (workers.length > 0) list.add('gatewayworker_reloads_total', {}, reloads);
  for (const worker of workers) addWorker(list, worker);
  addCluster(list, status.cluster);
}

/** How a node is linked to others, and the Register that it hosts. */
export function addCluster(
  list: MetricList,
  { register, registers, gateways, backbone, workers, refusals }: ClusterStatus,
): void {
  for (const { address, state } of registers)
    list.add('gatewayworker_register_joined', { register: address }, Number(state === 'joined'));
  if (register !== undefined) {
    list.add('gatewayworker_register_gateways', {}, register.gateways.length);
    list.add('gatewayworker_register_workers', {}, register.workers);
  }
  for (const { address, node, state, bufferedBytes, spared } of gateways) {
    const labels = { gateway: address, peer: node };
    list.add('gatewayworker_gateway_link_up', labels, Number(state === 'up'));
    list.add('gatewayworker_gateway_link_waiting_bytes', labels, bufferedBytes);
    list.add('gatewayworker_gateway_link_spared_total', labels, spared);
  }
  addRemoteWorkers(list, workers);
  list.addEach('gatewayworker_inner_refused_total', 'kind', refusals);
  if (backbone !== undefined) addBackbone(list, backbone);
}

/** How a node and other cells reach each other. */
function addBackbone(list: MetricList, { cell, state, cells, ...counts }: BackboneStatus): void {
  list.add('gatewayworker_backbone_up', { cell }, Number(state === 'connected'));
  list.add('gatewayworker_backbone_waiting_bytes', { cell }, counts.bufferedBytes);
  list.add('gatewayworker_backbone_published_total', { cell }, counts.published);
  list.add('gatewayworker_backbone_unsent_total', { cell }, counts.unsent);
  list.add('gatewayworker_backbone_followed', { cell }, counts.followed);
  for (const { name: other, gateways, received, lost } of cells) {
    for (const each of ['up', 'down'] as const) {
      const count = gateways.filter((gateway) => gateway.state === each).length;
      list.add('gatewayworker_backbone_gateways', { other, state: each }, count);
    }
    list.add('gatewayworker_backbone_received_total', { other }, received);
    list.add('gatewayworker_backbone_lost_total', { other }, lost);
  }
}

function addWorker(list: MetricList, worker: WorkerStatus): void {
  const labels = { worker: String(worker.slot) };
  const thread = { thread: threadOf(worker.slot) };
  list.add('gatewayworker_heap_used_bytes', thread, worker.memory.heapUsed);
  list.add('gatewayworker_external_memory_bytes', thread, worker.memory.external);
  list.add('gatewayworker_worker_up', labels, Number(worker.state === 'serving'));
  list.add('gatewayworker_worker_clients', labels, worker.clients);
  list.add('gatewayworker_events_handled_total', labels, worker.handled);
  list.add('gatewayworker_event_errors_total', labels, worker.errors);
  list.add('gatewayworker_events_pending', labels, worker.pending);
  list.add('gatewayworker_worker_queue_bytes', labels, worker.waitingBytes);
  list.add('gatewayworker_worker_queue_age_seconds', labels, worker.waitingFor / 1000);
  list.add('gatewayworker_worker_restarts_total', labels, worker.restarts);
  if (worker.database === undefined) return;
  const { open, busy, waiting, slow, errors } = worker.database;
  list.add('gatewayworker_database_connections', { ...labels, state: 'busy' }, busy);
  list.add('gatewayworker_database_connections', { ...labels, state: 'idle' }, Math.max(0, open - busy));
  list.add('gatewayworker_database_waiting', labels, waiting);
  list.add('gatewayworker_database_slow_total', labels, slow);
  list.add('gatewayworker_database_errors_total', labels, errors);
}

/** What a worker's thread is called beside the main thread. */
export function threadOf(slot: number): string {
  return `worker-${slot}`;
}

/** By their node, since it may have many. */
function addRemoteWorkers(list: MetricList, workers: ClusterStatus['workers']): void {
  const counts = new Map<string, { labels: { peer: string; state: string }; count: number }>();
  const waiting: Record<string, number> = {};
  for (const { name, address, legacy, state, bufferedBytes } of workers) {
    // the name of one of PHP's has its process in it
    const whole = legacy ? address : name;
    const peer = whole.slice(0, whole.lastIndexOf(':'));
    const count = counts.get(`${state} ${peer}`) ?? { labels: { peer, state }, count: 0 };
    count.count++;
    counts.set(`${state} ${peer}`, count);
    waiting[peer] = (waiting[peer] ?? 0) + bufferedBytes;
  }
  for (const { labels, count } of counts.values()) list.add('gatewayworker_remote_workers', labels, count);
  list.addEach('gatewayworker_remote_workers_waiting_bytes', 'peer', waiting);
}
