/** What becomes of messages between cells when something breaks: they come, in order and once, or they are counted. */
import assert from 'node:assert/strict';
import { after, before, describe, it, type TestContext } from 'node:test';
import type { NodeStatus } from '#src/ops/requests/status.js';
import { ApiClient } from '../support/api-client.js';
import { Cells } from '../support/cells.js';
import { NumberedLoad } from '../support/numbered-load.js';

interface Scene {
  /** At node a of the cell eu, whose worker sends. */
  readonly sender: ApiClient;
  /** At node a as well, in the group. */
  readonly ann: ApiClient;
  /** At node b of the cell us. */
  readonly bob: ApiClient;
  readonly load: NumberedLoad;
  /** What node b had lost of the cell eu before. */
  readonly lostBefore: number;
}

/** What a node of the cell us has lost of the cell eu. */
function lostOf({ cluster: { backbone } }: NodeStatus): number {
  return backbone?.cells.find(({ name }) => name === 'eu')?.lost ?? 0;
}

describe('messages between cells', { timeout: 120_000 }, () => {
  let cells: Cells;
  before(async () => {
    const worker = { count: 1, sendToGatewayBufferSize: 2 ** 20 };
    const nats = 'max_pending: 1048576\nwrite_deadline: "200ms"';
    cells = await Cells.start({ eu: ['a'], us: ['b'] }, { events: 'api', worker }, nats);
  });
  after(async () => await cells.stop());

  async function prepare(t: TestContext): Promise<Scene> {
    const clients = await Promise.all(
      ['a', 'a', 'b'].map(async (node) => await ApiClient.connect(cells.node(node).url('ws'))),
    );
    t.after(async () => void (await Promise.all(clients.map(({ ws }) => ws.close()))));
    const [sender, ann, bob] = clients;
    await bob.call('client.bindUid', 'bob');
    await bob.call('client.join', 'red');
    await ann.call('client.join', 'red');
    const load = new NumberedLoad(sender, bob, { uid: 'bob', group: 'red' });
    const lostBefore = lostOf(await cells.node('b').status());
    return { sender, ann, bob, load, lostBefore };
  }

  /**
   * Everything that was sent has come or is counted, in order and once; in the own cell nothing is missing.
   *
   * @param others how many other messages were sent to Bob
   */
  async function check(
    { sender, ann, bob, load, lostBefore }: Scene,
    { others = 0 } = {},
  ): Promise<{ came: number; lost: number }> {
    await cells.whole();
    assert.equal(await sender.call('sendToAll', 'end'), true);
    const { numbers, rest } = await NumberedLoad.numbersOf(bob, 'end');
    const lost = load.sent - load.refused - numbers.length + others - rest;
    await cells.node('b').until(`${lost} lost`, (status) => lostOf(status) - lostBefore === lost);
    const own = await NumberedLoad.numbersOf(ann, 'end');
    assert.equal(own.numbers.length, load.toOwn, 'in the own cell something is missing');
    return { came: numbers.length, lost };
  }

  it('the server is restarted under load: what waits comes late, and what is missing is counted', async (t) => {
    const scene = await prepare(t);
    const { load } = scene;
    load.start();
    for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
      await load.further(200);
      await cells.server.down(signal);
      await load.further(200);
      await cells.server.up();
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
    const { load } = scene;
    load.start();
    await load.further(100);
    cells.server.pause();
    await load.further(400);
    cells.server.resume();
    await load.further(100);
    await load.stop();
    assert.deepEqual(await check(scene), { came: load.sent, lost: 0 });
  });

  it('a cell stands still until the server gives it up: what is missing is counted to the message', async (t) => {
    const scene = await prepare(t);
    const { load, sender, bob } = scene;
    load.start();
    await load.further(100);
    await load.stop();
    cells.node('b').pause();
    // beyond what the kernel keeps for it
    const large = 'x'.repeat(100_000);
    for (let count = 0; count < 100; count++) {
      if (!(await sender.call('sendToClient', bob.id, large))) await sender.call('drained');
    }
    await load.send(400);
    cells.node('b').resume();
    await cells.node('b').logged('broke');
    await cells.node('b').logged('the backbone is there');
    // nothing more is sent: what is missing shows all the same
    const { came, lost } = await check(scene, { others: 100 });
    t.diagnostic(`${load.sent + 100} sent, ${came} came, ${lost} lost`);
    assert.ok(lost > 0);
  });

  it('while there is no server, what waits is kept up to a limit, then refused, and nothing else is missing', async (t) => {
    const scene = await prepare(t);
    const { load, sender } = scene;
    await cells.server.down();
    await cells.node('a').logged('broke');
    while (load.refused === 0) await load.send(20);
    const { code, message } = await sender.refusal('sendToAll', 'refused');
    assert.equal(code, 'GW_OVERFLOW');
    assert.match(message, /wait for other cells by the backbone, such as 127\.0\.0\.1:\d+ \(cell us\)/);
    await cells.server.up();
    await sender.call('drained');
    await load.send(20);
    const { came, lost } = await check(scene);
    assert.equal(came + load.refused, load.sent);
    assert.equal(lost, 0);
  });
});
