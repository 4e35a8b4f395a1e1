import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Cells } from '#src/backbone/cells.js';
import { FarNode } from '#src/backbone/far-node.js';
import type { Hello } from '#src/backbone/hello.js';
import { Stream } from '#src/backbone/stream.js';
import { BUCKETS } from '#src/backbone/subjects.js';
import { createLogger } from '#src/base/log.js';
import { LogOnce } from '#src/base/log-once.js';
import { ManualClock } from '#src/testing/manual-clock.js';
import { formatAddress, ipToNumber } from '#src/wire/client-id.js';
import { NodeLog } from '../support/node-log.js';

const GATEWAY = { ip: ipToNumber('10.0.0.1'), port: 2900 };
const NODES = 1000;
const ELSEWHERE = { ip: ipToNumber('10.1.0.1'), port: 2900 };

function scene() {
  const clock = new ManualClock();
  const log = new NodeLog();
  const logger = createLogger({ level: 'trace', destination: log });
  const gone: FarNode[] = [];
  const told: number[] = [];
  const cells: Cells = new Cells({
    cell: 'eu',
    gateway: GATEWAY,
    clock,
    log: logger,
    problems: new LogOnce(logger, clock),
    isInMesh: (address) => formatAddress(address) === '10.0.0.2:2900',
    gauge: new SharedArrayBuffer(8),
    make: (instance, cell) =>
      new FarNode(instance, cell, { stream: new Stream('', 0), asker: undefined, heardAt: clock.now() }),
    onChange: () => told.push(cells.gateways.filter(({ up }) => up).length),
    onGone: (node) => void gone.push(node),
  });
  function hears(instance: number, cell: string, hello: Partial<Hello> = {}): FarNode {
    const node = cells.node(instance, cell);
    const all = { cell, node: `node-${instance}`, gateway: ELSEWHERE, buckets: BUCKETS };
    cells.heard(node, { ...all, next: 0, ask: false, missed: 0, end: false, ...hello });
    return node;
  }
  /** What threads are told. */
  const shown = (): [cell: string | undefined, up: boolean][] =>
    cells.gateways.map(({ cell, up }) => [cell, up]);
  return { cells, clock, log, gone, told, hears, shown };
}

describe('what a node knows of other cells', () => {
  it('who is silent for long is down, then forgotten; who says that it ends is gone at once', async () => {
    const { cells, clock, gone, hears, shown, log } = scene();
    const node = hears(1, 'us');
    assert.deepEqual(shown(), [['us', true]]);
    await log.logged('the gateway 10.1.0.1:2900 of the node node-1 of the cell us can be reached');
    clock.advance(15_001);
    cells.sweep();
    assert.deepEqual(shown(), [['us', false]]);
    await log.logged('of the cell us has been silent for 15 s');
    hears(1, 'us');
    assert.deepEqual(shown(), [['us', true]]);
    clock.advance(15_001);
    cells.excuse();
    cells.sweep();
    assert.deepEqual(shown(), [['us', true]], 'it was this node that heard nothing');
    clock.advance(60_001);
    cells.sweep();
    assert.deepEqual(shown(), []);
    hears(1, 'us');
    hears(1, 'us', { end: true });
    assert.deepEqual(shown(), []);
    assert.deepEqual(gone, [node, node, node]);
    assert.notEqual(hears(1, 'us'), node, 'what it has counted is forgotten with it');
  });

  it('a thousand that come in one turn, and go in another, are told of once each time', async () => {
    const { cells, clock, told, hears } = scene();
    const come = async (): Promise<void> => {
      for (let instance = 1; instance <= NODES; instance++)
        hears(instance, 'us', { gateway: { ip: ELSEWHERE.ip + instance, port: 2900 } });
      assert.equal(cells.gateways.length, NODES, 'they are known at once');
      await turn();
    };
    await come();
    assert.deepEqual(told, [NODES]);
    await come();
    assert.deepEqual(told, [NODES], 'what is known already is no news');
    clock.advance(15_001);
    hears(7, 'us', { gateway: { ip: ELSEWHERE.ip + 7, port: 2900 } });
    cells.sweep();
    await turn();
    assert.deepEqual(told, [NODES, 1]);
  });

  it('nodes of its own cell, and those without a gateway, are no gateways of other cells', () => {
    const { hears, shown, cells } = scene();
    hears(1, 'eu');
    hears(2, 'us', { gateway: undefined });
    assert.deepEqual(shown(), []);
    assert.equal(cells.any, false);
  });

  it('a node that has come again takes its own place, and one of another cell does not', async () => {
    const { cells, hears, shown, log, clock } = scene();
    hears(1, 'us');
    const again = hears(2, 'us');
    assert.equal(cells.at(ELSEWHERE.ip, ELSEWHERE.port), again);
    hears(3, 'asia');
    assert.deepEqual(shown(), [['us', true]]);
    const { msg } = await log.logged('the node node-3 of the cell asia is not reckoned with');
    assert.match(
      msg,
      /10\.1\.0\.1:2900, as has that of the node node-2 of the cell us, which was there before/,
    );
    // once that is gone, it may
    clock.advance(15_001);
    cells.sweep();
    hears(3, 'asia');
    assert.deepEqual(shown(), [['asia', true]]);
  });

  it('a node with its own address, or another number of buckets, is named and not reckoned with', async () => {
    const { cells, hears, shown, log } = scene();
    hears(1, 'us', { gateway: GATEWAY });
    assert.equal(cells.conflict?.code, 'GW_CLUSTER');
    await log.logged('the node node-1 of the cell us is not reckoned with');
    hears(2, 'asia', { buckets: 16 });
    const { msg } = await log.logged('the node node-2 of the cell asia is not reckoned with');
    assert.match(msg, /shares names among 16 subjects and this node among 1048576/);
    assert.deepEqual(shown(), []);
  });

  it('another mesh, or single node, that has the same name is warned of, and a node of the own mesh is not', async () => {
    const { hears, log } = scene();
    for (let time = 0; time < 3; time++) {
      hears(1, 'eu', { gateway: { ip: ipToNumber('10.0.0.2'), port: 2900 } });
      hears(2, 'eu');
    }
    const { msg } = await log.logged('calls its cell eu as well');
    assert.match(msg, /^the node node-2, whose gateway is 10\.1\.0\.1:2900, /);
    assert.equal(log.lines.length, 1);
  });

  it('the log says how much was lost, and of whom', async () => {
    const { cells, hears, log, clock } = scene();
    const { numbers } = hears(1, 'us');
    numbers.lost = 7;
    cells.sweep();
    await log.logged('7 frames of the node node-1 of the cell us have not come');
    numbers.lost = 12;
    clock.advance(60_000);
    hears(1, 'us');
    cells.sweep();
    await log.logged('5 frames of the node node-1 of the cell us have not come');
  });
});

async function turn(): Promise<void> {
  await new Promise<void>((resolve) => setImmediate(resolve));
}
