import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ApiClient } from '../support/api-client.js';
import { NodeProcess } from '../support/node.js';

/** Words that trip up code which keeps them as properties or numbers. */
const NAMES = [
  '__proto__',
  'constructor',
  'toString',
  '01',
  '1.0',
  '-1',
  ' ',
  '你好 🙂',
  '9223372036854775807',
];

describe('uids and groups of the Gateway API, through websockets and a worker thread', () => {
  let node: NodeProcess;
  before(async () => {
    node = await NodeProcess.start({ events: 'api' });
  });
  after(() => node.stop());

  async function connect(count: number): Promise<ApiClient[]> {
    return await Promise.all(Array.from({ length: count }, () => ApiClient.connect(node.url('ws'))));
  }

  async function close(clients: ApiClient[]): Promise<void> {
    const witness = await ApiClient.connect(node.url('ws'));
    await Promise.all(clients.map((client) => client.ws.close()));
    for (const { id } of clients) await witness.call('untilClosed', id);
    await witness.ws.close();
  }

  it('bindUid: one uid per client, many clients per uid; binding again moves it', async () => {
    const [ann, bob] = await connect(2);
    await bob.call('bindUid', ann.id, 'x');
    await bob.call('bindUid', bob.id, 'x');
    assert.deepEqual(new Set(await ann.call<string[]>('getClientIdByUid', 'x')), new Set([ann.id, bob.id]));
    await bob.call('bindUid', ann.id, 'y');
    assert.deepEqual(await ann.call('getClientIdByUid', 'x'), [bob.id]);
    assert.deepEqual(await ann.call('getClientIdByUid', 'y'), [ann.id]);
    assert.equal(await bob.call('getUidByClientId', ann.id), 'y');
    await ann.leave(bob);
    assert.deepEqual(await bob.call('getAllUidList'), ['x']);
    await close([bob]);
  });

  it('unbindUid takes the uid away', async () => {
    const [ann] = await connect(1);
    await ann.call('bindUid', ann.id, 'x');
    await ann.call('unbindUid', ann.id, 'x');
    assert.equal(await ann.call('getUidByClientId', ann.id), null);
    assert.equal(await ann.call('isUidOnline', 'x'), false);
    await close([ann]);
  });

  it('client.bindUid and client.unbindUid show in client.uid at once', async () => {
    const [ann, bob] = await connect(2);
    const uid = async (): Promise<string | null> => (await ann.call<{ uid: string | null }>('describe')).uid;
    assert.equal(await uid(), null);
    await ann.call('client.bindUid', 12);
    assert.equal(await uid(), '12');
    await bob.call('bindUid', ann.id, 'by bob');
    assert.equal(await uid(), 'by bob');
    await ann.call('client.unbindUid');
    assert.equal(await uid(), null);
    assert.equal(await ann.call('client.unbindUid'), true);
    await close([ann, bob]);
  });

  it('joinGroup, leaveGroup, ungroup, client.join, client.leave', async () => {
    const [ann, bob] = await connect(2);
    await bob.call('joinGroup', ann.id, 'red');
    await bob.call('client.join', 'red');
    await bob.call('client.join', 'red');
    assert.deepEqual(
      new Set(await ann.call<string[]>('getClientIdListByGroup', 'red')),
      new Set([ann.id, bob.id]),
    );
    await bob.call('leaveGroup', ann.id, 'red');
    assert.deepEqual(await ann.call('getClientIdListByGroup', 'red'), [bob.id]);
    await bob.call('client.leave', 'red');
    assert.deepEqual(await ann.call('getAllGroupIdList'), []);
    for (const client of [ann, bob]) await client.call('client.join', 'green');
    await ann.call('ungroup', 'green');
    assert.equal(await ann.call('getClientIdCountByGroup', 'green'), 0);
    assert.deepEqual(await ann.call('getAllGroupIdList'), []);
    await close([ann, bob]);
  });

  it('12 and "12" are the same uid and the same group', async () => {
    const [ann, bob] = await connect(2);
    await ann.call('client.bindUid', 12);
    await bob.call('client.bindUid', '12');
    await ann.call('client.join', 7);
    await bob.call('client.join', '7');
    for (const uid of [12, '12']) {
      assert.equal((await ann.call<string[]>('getClientIdByUid', uid)).length, 2);
    }
    assert.deepEqual(await ann.call('getAllUidList'), ['12']);
    assert.deepEqual(await ann.call('batchGetClientIdCountByGroup', [7, '7']), { 7: 2 });
    assert.deepEqual(await ann.call('getAllGroupUidList'), { 7: ['12'] });
    assert.equal(await ann.call('getUidByClientId', bob.id), '12');
    await ann.call('sendToUid', [12, '12'], 'once');
    await ann.call('sendToGroup', [7, '7'], 'once');
    await ann.call('sendToAll', 'end');
    assert.deepEqual(await bob.messagesBefore('end'), ['once', 'once']);
    await close([ann, bob]);
  });

  it('any other word is a uid and a group like all others', async () => {
    const [ann] = await connect(1);
    for (const name of NAMES) await ann.call('client.join', name);
    assert.deepEqual(new Set(await ann.call<string[]>('getAllGroupIdList')), new Set(NAMES));
    const counts = Object.entries(await ann.call<object>('getAllGroupClientIdCount'));
    assert.deepEqual(new Map(counts), new Map(NAMES.map((name) => [name, 1])));
    for (const name of NAMES) {
      await ann.call('client.bindUid', name);
      assert.equal(await ann.call('getUidByClientId', ann.id), name);
      assert.deepEqual(await ann.call('getClientIdByUid', name), [ann.id]);
      assert.deepEqual(Object.entries(await ann.call<object>('isUidsOnline', [name])), [[name, true]]);
      const found = await ann.call<object>('batchGetClientIdByUid', [name, 'nobody']);
      assert.deepEqual(
        new Map(Object.entries(found)),
        new Map([
          [name, [ann.id]],
          ['nobody', []],
        ]),
      );
      assert.equal(await ann.call('getClientIdCountByGroup', name), 1);
      assert.deepEqual(await ann.call('getUidListByGroup', name), [name]);
      await ann.call('sendToUid', name, 'to uid');
      await ann.call('sendToGroup', name, 'to group');
      await ann.call('sendToAll', 'end');
      assert.deepEqual(await ann.messagesBefore('end'), ['to uid', 'to group']);
    }
    await close([ann]);
  });

  it('a very long uid travels with every event', async () => {
    const [ann] = await connect(1);
    const uid = 'ü'.repeat(100_000);
    await ann.call('client.bindUid', uid);
    assert.equal((await ann.call<{ uid: string }>('describe')).uid, uid);
    await close([ann]);
  });
});
