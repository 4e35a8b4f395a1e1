import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { secretKeys } from './calls.js';
import { GATEWAY, OurNode, REGISTER, WORKER } from './our-node.js';
import { OurClient } from './our-client.js';
import { InOurWay } from './our-way.js';
import { withParts } from './parts.js';
import { PhpClient } from './php-client.js';
import { PhpCluster } from './php-cluster.js';
import { Witness } from './witness.js';

/** One cluster of both: our Register, a gateway of each, a worker of each, and all of them linked. */

/** What a Map of PHP or an object of ours may hold alike. */
const SESSION = {
  name: '张三',
  tags: ['a', 'b', 3],
  nested: { x: 1.5, y: null, z: true, list: [{ k: 'v' }] },
  7: 1,
};
const SECRET = secretKeys.at(-1) ?? '';

describe('A chat over PHP and ours', () => {
  let node: OurNode;
  let php: PhpCluster;
  /** By whose gateway and whose worker they have. */
  let chatters: Record<string, Witness>;
  let all: readonly Witness[];
  let talk = 0;

  before(async () => {
    const cluster = { secretKey: SECRET };
    // the worker with the fewest clients gets the next one, so that both get some
    const gateway = { ...GATEWAY, router: 'least-connections' };
    node = await OurNode.start({ gateway, worker: WORKER, register: REGISTER, cluster });
    php = await PhpCluster.start({ ...cluster, register: [node.register] });
    await php.gateways[0].process.reported('workerUp');
    await php.workers[0].reported('gatewayUp');
    await php.workers[0].reported('gatewayUp');
    chatters = {};
    for (const [at, url] of [
      ['our gateway', node.url],
      ['PHP gateway', php.gateways[0].url],
    ]) {
      // older PHP gateways choose at random
      for (const seen = new Set<string>(); seen.size < 2; ) {
        const chatter = await Witness.connect(url);
        const { php: serialized } = await chatter.call('describe', []);
        const place = `${at}, ${serialized === undefined ? 'our' : 'PHP'} worker`;
        if (seen.has(place)) await chatter.close();
        else chatters[place] = chatter;
        seen.add(place);
      }
    }
    all = Object.values(chatters);
  });

  after(async () => {
    for (const chatter of all ?? []) await chatter.close();
    await php?.stop();
    await node?.stop();
  });

  beforeEach(async () => {
    for (const chatter of all) await chatter.call('setSession', [chatter.id, {}]);
  });

  it('has clients at each gateway with each worker', () => {
    assert.deepEqual(Object.keys(chatters).toSorted(), [
      'PHP gateway, PHP worker',
      'PHP gateway, our worker',
      'our gateway, PHP worker',
      'our gateway, our worker',
    ]);
  });

  it('is heard by everybody', async () => {
    for (const chatter of all) await chatter.call('joinGroup', [chatter.id, 'room']);
    for (const speaker of all) {
      const word = `hello ${++talk}`;
      await speaker.call('sendToGroup', ['room', word]);
      for (const listener of all) assert.deepEqual(await listener.seenBefore(word), []);
    }
  });

  it('is counted alike by everybody', async () => {
    for (const [index, chatter] of all.entries()) await chatter.call('bindUid', [chatter.id, 100 + index]);
    for (const chatter of all) {
      assert.equal((await chatter.call('getAllClientIdCount', [])).result, all.length);
      const { result: ids } = await chatter.call('getAllClientIdList', []);
      assert.deepEqual(new Set(Object.values(ids as object)), new Set(all.map(({ id }) => id)));
      const { result: uids } = await chatter.call('getAllUidList', []);
      assert.deepEqual(new Set(Object.values(uids as object)), new Set(['100', '101', '102', '103']));
    }
  });

  it('looks the same from outside, to a GatewayClient of PHP and to ours', async () => {
    const [first, ...others] = all;
    const ids = all.map(({ id }) => id);
    const options = { registers: [node.register], secretKey: SECRET };
    await withParts(async (keep) => {
      const ours = await keep(new OurClient(options));
      for (const client of [await keep(new PhpClient(options)), new InOurWay(ours)]) {
        for (const { id } of all) await client.call('setSession', [id, { ...SESSION, id }]);
        for (const { id } of all) {
          assert.deepEqual((await client.call('getSession', [id])).result, { ...SESSION, id });
        }
        const { result: sessions } = await client.call('getAllClientSessions', []);
        assert.deepEqual(sessions, Object.fromEntries(ids.map((id) => [id, { ...SESSION, id }])));
        const { result: list } = await client.call('getAllClientIdList', []);
        assert.deepEqual(new Set(Object.values(list as object)), new Set(ids));

        const [word, end] = [`word ${++talk}`, `end ${talk}`];
        await client.call('sendToAll', [word, null, [first.id]]);
        await client.call('sendToUid', [[100, 101, 102, 103], end]);
        assert.deepEqual(await first.seenBefore(end), []);
        for (const listener of others) assert.deepEqual(await listener.seenBefore(end), [`text:${word}`]);
      }
    });
  });

  it('reads every session in every worker, whoever wrote it', async () => {
    for (const writer of all) {
      await assign(writer, { ...SESSION, by: writer.id });
    }
    for (const reader of all) {
      for (const writer of all) {
        const { result, error } = await reader.call('getSession', [writer.id]);
        assert.deepEqual({ result, error }, { result: { ...SESSION, by: writer.id }, error: undefined });
      }
      const { result } = await reader.call('getAllClientSessions', []);
      const expected = Object.fromEntries(all.map(({ id }) => [id, { ...SESSION, by: id }]));
      assert.deepEqual(result, expected);
    }
  });

  it('changes sessions of each other, and whoever holds one sees it at the next event', async () => {
    for (const holder of all) {
      await assign(holder, { count: 1, nested: { own: true } });
      for (const [index, writer] of all.entries()) {
        await writer.call('updateSession', [holder.id, { nested: { [`by${index}`]: index } }]);
      }
      const expected = { count: 1, nested: { own: true, by0: 0, by1: 1, by2: 2, by3: 3 } };
      assert.deepEqual((await holder.call('session', [])).result, expected);
      await assign(holder, { count: 2 });
      for (const reader of all) {
        assert.deepEqual((await reader.call('getSession', [holder.id])).result, { ...expected, count: 2 });
      }
    }
  });

  for (const gateway of ['our gateway', 'PHP gateway']) {
    it(`keeps the bytes that PHP has in sessions at ${gateway}, which ours see as a Buffer`, async () => {
      const inPhp = chatters[`${gateway}, PHP worker`];
      const inOurs = chatters[`${gateway}, our worker`];
      const bytes = Buffer.from([0xff, 0x00, 0x80]);
      await assign(inPhp, { name: 'Ann', bytes });
      await inPhp.call('setSession', [inOurs.id, { name: 'Ben', bytes }]);

      const { result: ann } = await inOurs.call('getSession', [inPhp.id]);
      assert.deepEqual(ann, { name: 'Ann', bytes: bytes.toJSON() });
      const { result: ben } = await inOurs.call('session', []);
      assert.deepEqual(ben, { name: 'Ben', bytes: bytes.toJSON() });

      await inOurs.call('updateSession', [inPhp.id, { name: 'Cat' }]);
      await assign(inOurs, { name: 'Dan' });
      const base64 = { base64: bytes.toString('base64') };
      const { result: cat } = await inPhp.call('session', []);
      assert.deepEqual(cat, { name: 'Cat', bytes: base64 });
      const { result: dan } = await inPhp.call('getSession', [inOurs.id]);
      assert.deepEqual(dan, { name: 'Dan', bytes: base64 });
    });
  }

  it('goes on with our worker when the PHP worker stops', async () => {
    const [worker] = php.workers;
    await assign(chatters['PHP gateway, PHP worker'], SESSION);
    await assign(chatters['our gateway, PHP worker'], SESSION);
    await worker.stop();
    for (const chatter of all) assert.equal((await chatter.call('describe', [])).php, undefined);
    for (const gateway of ['our gateway', 'PHP gateway']) {
      const { result } = await chatters[`${gateway}, PHP worker`].call('session', []);
      assert.deepEqual(result, SESSION);
    }
  });
});

/** Changes a session in its client's own handler. That is written after the handler's answer, but before the next one. */
async function assign(chatter: Witness, values: object): Promise<void> {
  await chatter.call('session.assign', [values]);
  await chatter.call('describe', []);
}
