import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { secretKeys, workerHas, workerman5 } from './calls.js';
import { compare } from './comparison.js';
import { GATEWAY, OurNode, REGISTER } from './our-node.js';
import { type Keep, withParts } from './parts.js';
import { PhpCluster } from './php-cluster.js';
import { Scene } from './scene.js';
import { STEPS, type Step, WORKER_STEPS } from './steps.js';
import { Witness } from './witness.js';

/** A PHP BusinessWorker, before our Register and our Gateway. */

interface HandshakeOptions {
  readonly path?: string;
  readonly cookie?: string;
}

/** Last of all: what happened to the clients, with the data of their handshakes, and their last sessions. */
const happened: Step = { call: 'happened', args: [] };

for (const secretKey of secretKeys) {
  const name = `A PHP worker, ${secretKey === '' ? 'without a key' : 'with a key'}`;
  const steps = [...WORKER_STEPS, ...STEPS.filter(workerHas), ...(workerman5 ? [happened] : [])];
  compare(name, steps, {
    async reference(all, keep) {
      const scene = await keep(Scene.open(await startPhpOnly(keep, secretKey)));
      return await scene.play(scene.witnesses.dan, all);
    },
    async play(all, keep) {
      const scene = await keep(Scene.open(await startOurGateway(keep, secretKey)));
      return await scene.play(scene.witnesses.dan, all);
    },
  });
}

describe('A PHP worker', () => {
  it('gets bytes and long texts as they are, and sends them', async () => {
    await withParts(async (keep) => {
      const witness = await Witness.connect(await startOurGateway(keep));
      for (const message of ['', '你好', 'x'.repeat(1_000_000), Buffer.from([0xff, 0x00, 0x80])]) {
        witness.send(message);
        witness.send('end');
        const bytes = typeof message === 'string' ? Buffer.from(message) : message;
        assert.deepEqual(await witness.seenBefore('end'), [`text:${bytes.toString('latin1')}`]);
      }
      await witness.close();
    });
  });

  for (const [call, ...args] of [
    ['closeCurrentClient', 'bye'],
    ['closeCurrentClient'],
    ['destoryCurrentClient'],
  ]) {
    it(`ends the connection of its current client: ${call}(${args.join()})`, async () => {
      const inPhp = await withParts(async (keep) => farewell(await startPhpOnly(keep), call, args));
      const atOurs = await withParts(async (keep) => farewell(await startOurGateway(keep), call, args));
      assert.deepEqual(atOurs, inPhp);
    });
  }

  // older ones decode them
  const ESCAPED_COOKIES = [['escapes in cookies', { cookie: 'a=b%20c; d="e"; f; =g; h=i=j' }]] as const;
  const HANDSHAKES: ReadonlyArray<readonly [what: string, options: HandshakeOptions]> = [
    ['lists and maps in a query', { path: '/?list[]=x&list[]=y&map[a][b]=1&dot.ted=2&flag&empty=' }],
    ['a query that occurs twice', { path: '/?a=1&a=2&%61=3' }],
    ['escapes in a query', { path: '/?q=%E4%BD%A0+%2B%zz&%E4%BD%A0=1' }],
    ...(workerman5 ? ESCAPED_COOKIES : []),
    ['no query', { path: '/just/a/path' }],
  ];
  for (const [what, options] of HANDSHAKES) {
    it(`gets ${what} as from a PHP gateway`, async () => {
      const inPhp = await withParts(async (keep) => handshake(await startPhpOnly(keep), options));
      const atOurs = await withParts(async (keep) => handshake(await startOurGateway(keep), options));
      assert.deepEqual(atOurs, inPhp);
    });
  }
});

/** What a client saw at last whose worker made this call. */
async function farewell(url: string, call: string, args: readonly unknown[]): Promise<readonly string[]> {
  const witness = await Witness.connect(url);
  witness.request(call, args);
  return await witness.seenAtLast();
}

/** What a worker is told of a client's handshake. */
async function handshake(url: string, options: HandshakeOptions): Promise<object> {
  const witness = await Witness.connect(url, options);
  const { result } = await witness.call('happened', []);
  await witness.close();
  const { get, cookie } = (result as { data: Record<string, unknown> }[])[1].data;
  return { get, cookie };
}

/** @returns the url of a PHP gateway */
async function startPhpOnly(keep: Keep, secretKey = ''): Promise<string> {
  const { gateways } = await keep(PhpCluster.start({ secretKey }));
  return gateways[0].url;
}

/** Our Register and gateway, and a PHP worker. @returns the url of the gateway */
async function startOurGateway(keep: Keep, secretKey = ''): Promise<string> {
  const { register, url } = await keep(
    OurNode.start({ gateway: GATEWAY, register: REGISTER, cluster: { secretKey } }),
  );
  const php = await keep(PhpCluster.start({ secretKey, register: [register], gateways: 0 }));
  await php.workers[0].reported('gatewayUp');
  return url;
}
