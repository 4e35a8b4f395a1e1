import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { groupCluster } from '#src/ops/requests/group-cluster.js';
import type { ClusterStatus } from '#src/ops/requests/status.js';
import { BACKBONE } from '../group/fake-node.js';

const NOTHING: ClusterStatus = { registers: [], gateways: [], workers: [], refusals: {} };

function gateway(node: string, state: string, bufferedBytes = 0): ClusterStatus['gateways'][number] {
  const lastError = state === 'up' ? null : 'ECONNREFUSED';
  const counts = { bufferedBytes, spared: bufferedBytes * 2, attempts: 0 };
  return { address: `10.0.0.1:${node}`, node, state, legacy: false, ...counts, lastError };
}

function worker(name: string, clients: number): ClusterStatus['workers'][number] {
  return { name, address: '10.0.0.2:40000', state: 'ready', legacy: false, clients, bufferedBytes: 1 };
}

describe('the links of a group', () => {
  const members = ['chat#0', 'chat#1'];

  it('are those to others, each once', () => {
    const status = groupCluster(
      [
        { ...NOTHING, register: { address: '127.0.0.1:1236', gateways: ['10.0.0.1:2900'], workers: 2 } },
        {
          ...NOTHING,
          gateways: [gateway('other', 'up', 5), gateway('chat#1', 'up')],
          workers: [worker('other:0', 3), worker('chat#1:0', 0)],
          refusals: { key: 1 },
        },
        {
          ...NOTHING,
          gateways: [gateway('other', 'down', 7), gateway('chat#0', 'up')],
          workers: [worker('other:0', 4), worker('chat#0:0', 0)],
          refusals: { key: 2, garbage: 1 },
        },
      ],
      members,
    );
    assert.equal(status.register?.address, '127.0.0.1:1236');
    assert.deepEqual(status.gateways, [gateway('other', 'down', 12)]);
    assert.deepEqual(status.workers, [{ ...worker('other:0', 7), bufferedBytes: 2 }]);
    assert.deepEqual(status.refusals, { key: 3, garbage: 1 });
  });

  it('are also those within it, while they are down', () => {
    const down = gateway('chat#1', 'down');
    assert.deepEqual(groupCluster([{ ...NOTHING, gateways: [down] }], members).gateways, [down]);
  });

  it('show a Register that one node cannot join', () => {
    const joined = { address: '10.0.0.2:1236', state: 'joined', attempts: 0 };
    const waiting = { ...joined, state: 'waiting', attempts: 3, lastError: 'ECONNREFUSED' };
    const status = groupCluster(
      [joined, waiting, joined].map((register) => ({ ...NOTHING, registers: [register] })),
      members,
    );
    assert.deepEqual(status.registers, [waiting]);
  });

  it('have one backbone: the worst of its connections, and the sums of all', () => {
    const down = { ...BACKBONE, state: 'down' as const, server: null, lastError: 'refused' };
    const status = groupCluster(
      [NOTHING, { ...NOTHING, backbone: BACKBONE }, { ...NOTHING, backbone: down }],
      members,
    );
    assert.deepEqual(status.backbone, {
      ...down,
      bufferedBytes: 2,
      published: 4,
      unsent: 6,
      followed: 8,
      cells: [{ ...BACKBONE.cells[0], received: 10, lost: 12, doubled: 14 }],
    });
    assert.ok(!('backbone' in groupCluster([NOTHING], members)));
  });
});
