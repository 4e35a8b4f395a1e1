import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ListenerContext } from '#src/gateway/protocols/listener-context.js';
import { CATALOGUE } from '#src/metrics/catalogue.js';
import type { Metric } from '#src/metrics/metric.js';
import { nodeMetrics } from '#src/node/node-metrics.js';
import { answerOfGroup } from '#src/ops/requests/requests.js';
import type { NodeStatus } from '#src/ops/requests/status.js';
import { SECONDS, bucketsLength } from '#src/ring/bucket-counts.js';
import { boot } from '#src/testing/index.js';
import { configFolder } from '../support/config-folder.js';
import { readDocument, samplesIn } from '../support/documents.js';
import { ProtocolHost } from '../support/protocol-host.js';
import { BACKBONE, STATUS, worker } from '../ops/group/fake-node.js';

/** Everything that a node can have. */
const FULL: NodeStatus = {
  ...STATUS,
  roles: ['gateway', 'worker', 'register'],
  listeners: [
    { url: 'wss://0.0.0.0:443', connections: 2, certificate: { validTo: '2030-01-01T00:00:00.000Z' } },
  ],
  counters: { ...STATUS.counters, refusals: { 'ws handshake': 1 } },
  workers: [{ ...worker(0), database: { open: 3, busy: 1, waiting: 2, slow: 4, errors: 5 } }],
  cluster: {
    register: { address: '127.0.0.1:1236', gateways: ['10.0.0.1:2900'], workers: 2 },
    registers: [{ address: '127.0.0.1:1236', state: 'joined', attempts: 0 }],
    gateways: [
      {
        address: '10.0.0.2:2900',
        node: 'b',
        state: 'down',
        legacy: false,
        bufferedBytes: 7,
        spared: 9,
        attempts: 3,
        lastError: '',
      },
    ],
    backbone: BACKBONE,
    workers: [
      { name: 'b:0', address: '10.0.0.2:4000', state: 'ready', legacy: false, clients: 1, bufferedBytes: 3 },
      { name: 'b:1', address: '10.0.0.2:4001', state: 'ready', legacy: false, clients: 1, bufferedBytes: 4 },
      {
        name: '9:x:1',
        address: '10.0.0.3:4001',
        state: 'unready',
        legacy: true,
        clients: 1,
        bufferedBytes: 0,
      },
    ],
    refusals: { 'wrong key': 1 },
  },
};
const REFUSED: Metric = {
  name: 'gatewayworker_metrics_refused_total',
  ...CATALOGUE.gatewayworker_metrics_refused_total,
  samples: [{ labels: {}, values: [1] }],
};
const BUCKETS = Array.from({ length: bucketsLength(SECONDS) }, () => 0);

/** What a group of one such node tells, and its first process, which hosts the Register. */
async function everything(): Promise<readonly Metric[]> {
  const listener = new ListenerContext(
    { url: 'wss://0.0.0.0:443', maxPackageSize: 1, udpIdleTimeout: 0 },
    new ProtocolHost(),
  );
  const pool = {
    measures: () => [{ slot: 0, active: 1, durations: BUCKETS, delays: BUCKETS }],
    metrics: () => [REFUSED],
  };
  const metrics = nodeMetrics({ status: FULL, listeners: [listener], pool, delays: BUCKETS });
  const member = {
    number: 0,
    name: 'chat#0',
    pid: 1,
    restarts: 2,
    lastExit: null,
    state: 'up',
    answerTo: async () => await Promise.resolve(metrics),
  };
  const group = { members: [member], facts: () => ({ name: 'chat', cluster: FULL.cluster }) };
  return (await answerOfGroup(group as never, { command: 'metrics' })) as readonly Metric[];
}

describe('docs/metrics.md', () => {
  it('has every metric, with its type, its labels and what it is', async () => {
    const rows = [
      ...readDocument('docs/metrics.md').matchAll(
        /^\| `((?:gatewayworker|process)_\w+)` \| (\w+) \| (.*?) \| (.*) \|$/gm,
      ),
    ].map(([, name, type, labels, help]) => ({
      name,
      type,
      labels: [...labels.matchAll(/`(\w+)`/g)].map(([, label]) => label),
      help,
    }));
    const told = new Map((await everything()).map((metric) => [metric.name, metric]));
    assert.deepEqual(
      rows,
      Object.entries(CATALOGUE).map(([name, { type, help }]) => {
        const labels = Object.keys(told.get(name)?.samples[0].labels ?? {}).filter(
          (label) => label !== 'node',
        );
        return { name, type, labels, help };
      }),
    );
    assert.deepEqual([...told.keys()].toSorted(), Object.keys(CATALOGUE).toSorted());
  });

  it('begins with code that runs', async (t) => {
    const [{ code }] = samplesIn('ts').filter(({ document }) => document === 'docs/metrics.md');
    const app = await boot({ events: await configFolder(t, { 'index.ts': code }) });
    const client = await app.connect();
    client.send('hello');
    client.send(Buffer.from('hello'));
    await app.settled();
    assert.equal(app.metric('chat_messages_total', { kind: 'text' }), 1);
    assert.equal(app.metric('chat_messages_total'), 2);
    assert.equal(app.metric('chat_rooms'), 1);
    assert.equal(app.metric('chat_search_seconds_count'), 2);
    await app.close();
  });

  it('has workers of other nodes by their node', async () => {
    const waiting = (await everything()).find(
      ({ name }) => name === 'gatewayworker_remote_workers_waiting_bytes',
    );
    assert.deepEqual(
      waiting?.samples.map(({ labels, values }) => [labels.node, labels.peer, values]),
      [
        ['chat#0', 'b', [7]],
        ['chat#0', '10.0.0.3', [0]],
        // what the first process knows, which hosts the Register
        ['chat', 'b', [7]],
        ['chat', '10.0.0.3', [0]],
      ],
    );
  });
});
