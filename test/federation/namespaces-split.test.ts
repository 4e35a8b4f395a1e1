/** Clients at the gateway of one host, and their workers on another: what the cable between them does to their messages. */
import assert from 'node:assert/strict';
import { after, before, describe, it, type TestContext } from 'node:test';
import { NamespaceCluster, reasonToSkip } from '../support/namespace-cluster.js';
import { NamespaceNetwork } from '../support/namespace-hosts.js';
import { ERROR_LEVEL } from '../support/node.js';
import { WsClient } from '../support/ws-client.js';

const [GATEWAY, WORKER] = [0, 1];
/** The smallest buffers that there are. */
const BUFFER = 64 * 1024;
/** What the slow link carries. */
const MEGABITS = 80;
const MESSAGES = 2000;
const MESSAGE_SIZE = 20_000;
/** Bytes. */
const MOST_ON_ITS_WAY = 20 * 2 ** 20;

const support = NamespaceNetwork.support();

describe('a gateway and its workers on different hosts', {
  skip: reasonToSkip(support),
  timeout: 120_000,
}, () => {
  let cluster: NamespaceCluster;

  before(async () => {
    cluster = await NamespaceCluster.start('echo', [
      { worker: false, register: true, gateway: { sendToWorkerBufferSize: BUFFER } },
      { gateway: false, worker: { sendToGatewayBufferSize: BUFFER } },
    ]);
  });

  after(async () => await cluster?.stop());

  async function connect(t: TestContext): Promise<WsClient> {
    const client = await WsClient.connect(cluster.url(GATEWAY));
    t.after(async () => void (await client.close()));
    return client;
  }

  it('the cable is cut: what clients say meanwhile waits, and is handled once it is mended', async (t) => {
    const client = await connect(t);
    client.send('before');
    assert.equal(await client.next(), 'before');

    cluster.hosts[WORKER].unplug();
    await cluster.nodes[GATEWAY].logged('the link to a worker broke');
    const late = await connect(t);
    for (let n = 0; n < 100; n++) client.send(`waiting ${n}`);
    for (let n = 0; n < 100; n++) late.send(`late ${n}`);

    cluster.hosts[WORKER].plugIn();
    for (let n = 0; n < 100; n++) assert.equal(await client.next(), `waiting ${n}`);
    for (let n = 0; n < 100; n++) assert.equal(await late.next(), `late ${n}`);
  });

  it(`a link of ${MEGABITS} Mbit/s (by ${support.slowness}) under more than it carries: nothing is lost, and what is on its way stays bounded`, async (t) => {
    assert.ok(support.slowness, 'this kernel has neither netem nor tbf, and no cable can be slowed down');
    const client = await connect(t);
    const other = await connect(t);
    cluster.hosts[WORKER].slowDown(support.slowness, MEGABITS);

    const began = performance.now();
    for (let n = 0; n < MESSAGES; n++) client.send(message(n));
    let onItsWay = 0;
    for (let n = 0; n < MESSAGES; n++) {
      const echo = String(await client.next());
      if (echo !== message(n)) assert.equal(echo.slice(0, 20), message(n).slice(0, 20));
      // all that was sent, but for what is back and what still waits in this client
      onItsWay = Math.max(onItsWay, (MESSAGES - n - 1) * MESSAGE_SIZE - client.socket.bufferedAmount);
      if (n !== MESSAGES / 2) continue;
      other.send('I am here as well');
      assert.equal(await other.next(), 'I am here as well');
    }
    const seconds = (performance.now() - began) / 1000;

    const payload = MESSAGES * MESSAGE_SIZE;
    t.diagnostic(
      `${mebibytes(payload)} each way in ${seconds.toFixed(1)} s; at most ${mebibytes(onItsWay)} on their way, the kernels' buffers included`,
    );
    assert.ok(seconds > (payload * 8) / (MEGABITS * 1e6) / 2, 'the link was not slow');
    assert.ok(onItsWay < MOST_ON_ITS_WAY, `${mebibytes(onItsWay)} were on their way at once`);
    for (const node of cluster.nodes)
      assert.deepEqual(
        node.log.filter(({ level }) => level >= ERROR_LEVEL),
        [],
      );
  });
});

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}

function message(n: number): string {
  return `${n} `.padEnd(MESSAGE_SIZE, 'x');
}
