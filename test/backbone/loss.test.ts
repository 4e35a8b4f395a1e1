/** What becomes of messages between cells when something breaks: they come, in order and once, or they are counted. */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { ApiClient } from '../support/api-client.js';
import { Cells } from '../support/cells.js';
import { NumberedLoad } from '../support/numbered-load.js';

interface Scene {
  readonly cells: Cells;
  /** At node a of the cell eu, whose worker sends. */
  readonly sender: ApiClient;
  /** At node a as well, in the group. */
  readonly ann: ApiClient;
  /** At node b of the cell us. */
  readonly bob: ApiClient;
  readonly load: NumberedLoad;
}

async function prepare(t: TestContext): Promise<Scene> {
  const cells = await Cells.start({ eu: ['a'], us: ['b'] }, { events: 'api' });
  t.after(() => cells.stop());
  const [sender, ann, bob] = await Promise.all(
    ['a', 'a', 'b'].map(async (node) => await ApiClient.connect(cells.node(node).url('ws'))),
  );
  await bob.call('client.bindUid', 'bob');
  await bob.call('client.join', 'red');
  await ann.call('client.join', 'red');
  const load = new NumberedLoad(sender, bob, { uid: 'bob', group: 'red' });
  return { cells, sender, ann, bob, load };
}

/** Everything that was sent has come or is counted, in order and once; in the own cell nothing is missing. */
async function check({ cells, sender, ann, bob, load }: Scene): Promise<{ came: number; lost: number }> {
  await cells.whole();
  assert.equal(await sender.call('sendToAll', 'end'), true);
  const numbers = await NumberedLoad.numbersOf(bob, 'end');
  const expected = load.sent - load.refused - numbers.length;
  const { cluster } = await cells
    .node('b')
    .until(`${expected} lost`, ({ cluster: { backbone } }) => lostOf(backbone?.cells, 'eu') === expected);
  assert.equal(lostOf(cluster.backbone?.cells, 'eu'), expected);
  const own = await NumberedLoad.numbersOf(ann, 'end');
  assert.equal(
    own.length,
    load.sent / 2 - load.refused,
    'in the own cell, half of it is for the group and for all',
  );
  return { came: numbers.length, lost: expected };
}

function lostOf(
  cells: readonly { readonly name: string; readonly lost: number }[] | undefined,
  name: string,
): number | undefined {
  return cells?.find((cell) => cell.name === name)?.lost;
}

describe('messages between cells', { timeout: 120_000 }, () => {
  it('the server is restarted under load, again and again: what is missing is counted to the message', async (t) => {
    const scene = await prepare(t);
    const { cells, load } = scene;
    load.start();
    for (let round = 0; round < 3; round++) {
      await load.further(200);
      await cells.server.restart();
      await Promise.all(cells.nodes.map((node) => node.logged('the backbone is there')));
    }
    await load.further(200);
    await load.stop();
    const { came, lost } = await check(scene);
    t.diagnostic(`${load.sent} sent, ${came} came, ${lost} lost`);
    assert.ok(came > load.sent / 2);
  });

  it('the server stands still for a while: nothing is missing', async (t) => {
    const scene = await prepare(t);
    const { cells, load } = scene;
    load.start();
    await load.further(100);
    cells.server.pause();
    await load.further(400);
    cells.server.resume();
    await load.further(100);
    await load.stop();
    assert.deepEqual(await check(scene), { came: load.sent, lost: 0 });
  });
});
