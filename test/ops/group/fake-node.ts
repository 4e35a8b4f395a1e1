import { GatewayError } from '#src/base/errors.js';
import type { Metric } from '#src/metrics/metric.js';
import { MetricList } from '#src/metrics/metric-list.js';
import type { ConnectionPage, ConnectionStatus } from '#src/ops/requests/connections.js';
import type { ClientList } from '#src/ops/requests/clients.js';
import type { RawLog } from '#src/ops/requests/log.js';
import type { NameList } from '#src/ops/requests/names.js';
import type { NodeNow } from '#src/ops/requests/live.js';
import type { AskedNode } from '#src/ops/requests/request-entry.js';
import { type Answerer, answerOfNode, type NodeRequest } from '#src/ops/requests/requests.js';
import type { TracePart, TraceQuery } from '#src/ops/requests/trace.js';
import { addStatus } from '#src/ops/requests/status-metrics.js';
import type { BackboneStatus, NodeStatus } from '#src/ops/requests/status.js';

/** How a node and one other cell reach each other, with a number of its own for each field. */
export const BACKBONE: BackboneStatus = {
  cell: 'eu',
  state: 'connected',
  since: 5,
  server: 'nats://10.0.0.9:4222',
  lastError: null,
  conflict: null,
  bufferedBytes: 1,
  published: 2,
  unsent: 3,
  followed: 4,
  cells: [
    {
      name: 'us',
      gateways: [{ address: '10.1.0.1:2900', node: 'c', state: 'up' }],
      received: 5,
      lost: 6,
      doubled: 7,
    },
  ],
};

export const STATUS: NodeStatus = {
  name: 'node-a',
  version: '1.2.3',
  nodejs: 'v20.0.0',
  pid: 4711,
  uptime: 266_461,
  load: [0.31, 0.22, 0.18],
  memory: { rss: 122_400_000, heapUsed: 19_700_000, external: 3_000_000 },
  roles: ['gateway', 'worker'],
  listeners: [
    { url: 'ws://0.0.0.0:8282', connections: 14_900, certificate: null },
    { url: 'text://0.0.0.0:8283', connections: 100, certificate: null },
  ],
  connections: 15_000,
  counters: {
    connections: 1_234_567,
    refusedConnections: 0,
    messagesIn: 987_654_321,
    messagesOut: 9_876_543_210,
    messagesDropped: 0,
    datagramsDropped: 0,
    workerMessagesDropped: 0,
    slowClients: 0,
    heartbeatDrops: 0,
    refusals: {},
  },
  reloads: 3,
  log: { lost: 0, lastError: null },
  workers: [worker(0), worker(1)],
  cluster: { registers: [], gateways: [], workers: [], refusals: {} },
};

export function worker(slot: number): NodeStatus['workers'][number] {
  return {
    slot,
    state: 'serving',
    thread: slot + 1,
    memory: { heapUsed: 30_000_000, external: 2_100_000 },
    clients: 7450,
    handled: 123_456_789,
    perSecond: 81_200,
    errors: 0,
    refused: 0,
    pending: 3,
    lost: 0,
    waitingBytes: 1_200_000,
    waitingFor: 12,
    restarts: 0,
    lastExit: null,
  };
}

export function connection(number: number): ConnectionStatus {
  return {
    clientId: `7f00000108fc${number.toString(16).padStart(8, '0')}`,
    uid: null,
    groups: [],
    protocol: 'ws',
    remoteAddress: '127.0.0.1',
    remotePort: 40_000 + number,
    bytesIn: 0,
    bytesOut: 0,
    buffered: 0,
  };
}

/** A node with 2,500 connections that notes what it is asked to do. */
export class FakeNode implements AskedNode, Answerer {
  readonly asked: string[] = [];
  /** What the next reload fails with. */
  failure: Error | undefined;
  /** What a stop waits for. */
  stopped: Promise<void> = Promise.resolve();

  async answer(request: NodeRequest): Promise<unknown> {
    return await answerOfNode(this, request);
  }

  status(): NodeStatus {
    this.asked.push('status');
    return STATUS;
  }

  now(): NodeNow {
    this.asked.push('now');
    const none = { bounds: [1], durations: [0, 0, 0], delays: [0, 0, 0] };
    return { status: STATUS, active: 1000, bytesIn: 0, bytesOut: 0, ...none, threads: [] };
  }

  metrics(): Metric[] {
    this.asked.push('metrics');
    const list = new MetricList();
    addStatus(list, STATUS);
    return list.metrics;
  }

  async clients(): Promise<ClientList> {
    return { clients: [], next: null, looked: 0, total: 0 };
  }

  async names(): Promise<NameList> {
    return { names: [], next: null };
  }

  log(): RawLog {
    return { lines: [], last: 0 };
  }

  client(): null {
    return null;
  }

  async trace({ after }: TraceQuery): Promise<TracePart> {
    this.asked.push(`trace ${after}`);
    return { entries: [], dropped: 0, clients: 0, next: '0badcafe.0', ended: null };
  }

  connections(offset: number, limit: number): ConnectionPage {
    this.asked.push(`connections ${offset} ${limit}`);
    const total = 2500;
    const numbers = Array.from(
      { length: Math.max(0, Math.min(limit, total - offset)) },
      (_, index) => offset + index,
    );
    return { total, offset, connections: numbers.map(connection) };
  }

  async reload(graceful: boolean): Promise<void> {
    this.asked.push(`reload ${graceful}`);
    if (this.failure) throw this.failure;
  }

  async stop(graceful: boolean): Promise<void> {
    this.asked.push(`stop ${graceful}`);
    await this.stopped;
  }
}

export const compileError = new GatewayError(
  'GW_EVENTS_COMPILE',
  'events/ does not compile:\n  line 3\n       ^',
);
