/** Cells and NATS on hosts of their own: what becomes of messages when the network between them is cut. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, describe, it, type TestContext } from 'node:test';
import { ApiClient } from '../support/api-client.js';
import { eventually } from '../support/eventually.js';
import { NamespaceDoor } from '../support/namespace-door.js';
import { reasonToSkip } from '../support/namespace-cluster.js';
import { type NamespaceHost, NamespaceNetwork } from '../support/namespace-hosts.js';
import { natsEnvironment, natsIsReady } from '../support/nats.js';
import { NodeProcess } from '../support/node.js';
import { NumberedLoad } from '../support/numbered-load.js';

const NATS_PORT = 4222;
const CLIENT_PORT = 8282;

describe('cells on hosts of their own', {
  skip: reasonToSkip(NamespaceNetwork.support()),
  timeout: 120_000,
}, () => {
  let network: NamespaceNetwork;
  let nats: ChildProcess;
  const nodes: NodeProcess[] = [];
  const doors: NamespaceDoor[] = [];

  before(async () => {
    network = new NamespaceNetwork(3);
    const [{ launcher, address }] = network.hosts;
    const [command, ...args] = [...launcher, 'nats-server', '-a', address, '-p', String(NATS_PORT)];
    nats = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'], env: natsEnvironment() });
    await natsIsReady(nats);
    await Promise.all(['eu', 'us'].map(async (cell, index) => await start(cell, index)));
  });

  after(async () => {
    await Promise.all(nodes.map((node) => node.stop()));
    await Promise.all(doors.map((door) => door.close()));
    const ended = once(nats, 'exit');
    nats.kill('SIGKILL');
    await ended;
    network.remove();
  });

  function host(index: number): NamespaceHost {
    return network.hosts[index + 1];
  }

  async function start(name: string, index: number): Promise<void> {
    const { address: lanIp, launcher } = host(index);
    doors[index] = await NamespaceDoor.open(host(index), CLIENT_PORT);
    const servers = [`nats://${network.hosts[0].address}:${NATS_PORT}`];
    nodes[index] = await NodeProcess.start({
      name,
      events: 'api',
      launcher,
      gateway: { listen: [{ url: `ws://${lanIp}:${CLIENT_PORT}` }], lanIp },
      worker: { count: 1 },
      cluster: { backbone: { servers, name }, pingInterval: 0.5 },
    });
  }

  async function prepare(t: TestContext): Promise<{ bob: ApiClient; sender: ApiClient; load: NumberedLoad }> {
    const [sender, bob] = await Promise.all(
      [0, 1].map(async (index) => await ApiClient.connect(doors[index].url)),
    );
    t.after(async () => void (await Promise.all([sender.ws.close(), bob.ws.close()])));
    await bob.call('client.bindUid', 'bob');
    await bob.call('client.join', 'red');
    return { bob, sender, load: new NumberedLoad(sender, bob, { uid: 'bob', group: 'red' }) };
  }

  async function lostAtUs(): Promise<number> {
    return (await nodes[1].status()).cluster.backbone?.cells.find(({ name }) => name === 'eu')?.lost ?? 0;
  }

  /** Cuts a host's cable until its node has noticed, under load. @returns how many messages were lost, which is what is counted */
  async function cut(t: TestContext, index: number): Promise<{ sent: number; lost: number }> {
    const { bob, sender, load } = await prepare(t);
    const lostBefore = await lostAtUs();
    load.start();
    await load.further(100);
    t.after(() => host(index).plugIn());
    host(index).unplug();
    await nodes[index].logged('broke');
    await load.further(100);
    host(index).plugIn();
    await nodes[index].logged('the backbone is there');
    await load.further(100);
    await load.stop();
    await eventually(async () => assert.equal(await sender.call('getAllClientIdCount'), 2));
    await sender.call('sendToAll', 'end');
    const { numbers } = await NumberedLoad.numbersOf(bob, 'end');
    const lost = load.sent - load.refused - numbers.length;
    await eventually(async () => assert.equal((await lostAtUs()) - lostBefore, lost));
    t.diagnostic(`${load.sent} sent, ${numbers.length} came, ${lost} lost, ${load.refused} refused`);
    return { sent: load.sent, lost };
  }

  it('who sends is cut off: it waits, and comes when the cable is mended', async (t) => {
    assert.equal((await cut(t, 0)).lost, 0);
  });

  it('who receives is cut off: what it does not get it counts, to the message', async (t) => {
    const { sent, lost } = await cut(t, 1);
    assert.ok(lost > 0 && lost < sent);
  });
});
