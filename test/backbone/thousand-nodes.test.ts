import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Cells } from '#src/backbone/cells.js';
import { FarNode } from '#src/backbone/far-node.js';
import { StreamId } from '#src/backbone/message-header.js';
import { Stream } from '#src/backbone/stream.js';
import { BUCKETS } from '#src/backbone/subjects.js';
import { LogOnce } from '#src/base/log-once.js';
import { createLogger } from '#src/base/log.js';
import { ManualClock } from '#src/testing/manual-clock.js';

const NODES = 1000;
const SILENT = 15_001;

it('a thousand nodes that come in one turn, and go in another, are told of once each time', async () => {
  const clock = new ManualClock();
  const up: number[] = [];
  const cells: Cells = new Cells({
    cell: 'own',
    gateway: { ip: 1, port: 1 },
    clock,
    isInMesh: () => false,
    problems: new LogOnce(createLogger({ level: 'silent', destination: { write() {} } }), clock),
    gauge: new SharedArrayBuffer(8),
    make: (instance, cell) =>
      new FarNode(instance, cell, {
        stream: new Stream('to', StreamId.ONE_NODE),
        asker: undefined,
        heardAt: clock.now(),
      }),
    onChange: () => up.push(cells.gateways.filter((gateway) => gateway.up).length),
    onGone() {},
  });
  const hello = (index: number): void => {
    const cell = `cell-${index % 40}`;
    cells.heard(cells.node(index + 1, cell), {
      cell,
      node: `node-${index}`,
      gateway: { ip: 0x0a00_0000 + index, port: 2900 },
      buckets: BUCKETS,
      next: 0,
      ask: false,
      missed: 0,
      end: false,
    });
  };
  for (let index = 0; index < NODES; index++) hello(index);
  assert.equal(cells.gateways.length, NODES, 'they are known at once');
  assert.deepEqual(up, []);
  await turn();
  assert.deepEqual(up, [NODES]);
  for (let index = 0; index < NODES; index++) hello(index);
  await turn();
  assert.deepEqual(up, [NODES], 'what is known already is no news');
  clock.advance(SILENT);
  hello(7);
  cells.sweep();
  await turn();
  assert.deepEqual(up, [NODES, 1]);
});

async function turn(): Promise<void> {
  await new Promise<void>((resolve) => setImmediate(resolve));
}
