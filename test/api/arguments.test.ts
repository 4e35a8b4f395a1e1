import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ApiClient } from '../support/api-client.js';
import { NodeProcess } from '../support/node.js';

const ID = '7f0000010b5400000001';

describe('arguments that the Gateway API refuses, at once and in the caller', () => {
  let node: NodeProcess;
  let client: ApiClient;
  before(async () => {
    node = await NodeProcess.start({ events: 'api' });
    client = await ApiClient.connect(node.url('ws'));
  });
  after(() => node.stop());

  const badNames = ['', '0', 0, null, true, {}, 2 ** 53, -1e21, 'x\ud800', '\udc00y'];
  const takeNames: [call: string, args: (name: unknown) => unknown[]][] = [
    ['sendToUid', (name) => [name, 'hi']],
    ['sendToUid', (name) => [['ann', name], 'hi']],
    ['sendToGroup', (name) => [name, 'hi']],
    ['sendToGroup', (name) => [['red', name], 'hi']],
    ['bindUid', (name) => [ID, name]],
    ['unbindUid', (name) => [ID, name]],
    ['joinGroup', (name) => [ID, name]],
    ['leaveGroup', (name) => [ID, name]],
    ['ungroup', (name) => [name]],
    ['client.bindUid', (name) => [name]],
    ['client.join', (name) => [name]],
    ['client.leave', (name) => [name]],
    ['isUidOnline', (name) => [name]],
    ['isUidsOnline', (name) => [['ann', name]]],
    ['getClientIdByUid', (name) => [name]],
    ['batchGetClientIdByUid', (name) => [['ann', name]]],
    ['getClientIdListByGroup', (name) => [name]],
    ['getClientIdCountByGroup', (name) => [name]],
    ['getClientCountByGroup', (name) => [name]],
    ['batchGetClientIdCountByGroup', (name) => [['red', name]]],
    ['getUidListByGroup', (name) => [name]],
    ['getUidCountByGroup', (name) => [name]],
    ['getClientSessionsByGroup', (name) => [name]],
    ['getClientInfoByGroup', (name) => [name]],
  ];
  for (const [call, args] of takeNames) {
    it(`${call}: ${JSON.stringify(args('NAME')).replaceAll('"', '')} without a name`, async () => {
      for (const name of badNames) {
        const { code, message } = await client.refusal(call, ...args(name));
        assert.equal(code, 'GW_ARGUMENT', `${JSON.stringify(name)}: ${message}`);
      }
    });
  }

  for (const [call, args] of [
    ['routeClient', (key: unknown) => [ID, key]],
    ['client.route', (key: unknown) => [key]],
  ] as const) {
    it(`${call} with what is no key; unlike a uid or group, it may be 0`, async () => {
      for (const key of ['', null, true, {}, 2 ** 53, 1.5e300 * 1e300, 'x\ud800', 'x'.repeat(1025)]) {
        const { code, message } = await client.refusal(call, ...args(key));
        assert.equal(code, 'GW_ARGUMENT', `${JSON.stringify(key)}: ${message}`);
      }
      for (const key of [0, '0', 17, 'x'.repeat(1024)])
        assert.equal(await client.call(call, ...args(key)), true);
    });

    it(`${call} with what is no scope`, async () => {
      for (const scope of ['', 'Node', 'all', null, 1]) {
        const { code, message } = await client.refusal(call, ...args('room'), { scope });
        assert.equal(code, 'GW_ARGUMENT');
        assert.match(message, /as its scope; expected 'node' or 'cluster'/);
      }
      assert.equal(await client.call(call, ...args('room'), { scope: 'cluster' }), true);
    });
  }

  const badIds = ['', 'abc', ID.slice(1), `${ID}0`, ID.replace('7', 'g'), 12, null, {}];
  const takeIds: [call: string, args: (id: unknown) => unknown[]][] = [
    ['sendToAll', (id) => ['hi', { clientIds: [id] }]],
    ['sendToAll', (id) => ['hi', { exclude: [id] }]],
    ['sendToClient', (id) => [id, 'hi']],
    ['sendToGroup', (id) => ['red', 'hi', { exclude: [id] }]],
    ['closeClient', (id) => [id]],
    ['destroyClient', (id) => [id]],
    ['destoryClient', (id) => [id]],
    ['bindUid', (id) => [id, 'ann']],
    ['unbindUid', (id) => [id, 'ann']],
    ['joinGroup', (id) => [id, 'red']],
    ['leaveGroup', (id) => [id, 'red']],
    ['routeClient', (id) => [id, 'room']],
    ['isOnline', (id) => [id]],
    ['getUidByClientId', (id) => [id]],
    ['getSession', (id) => [id]],
    ['setSession', (id) => [id, {}]],
    ['updateSession', (id) => [id, {}]],
  ];
  for (const [call, args] of takeIds) {
    it(`${call}: ${JSON.stringify(args('ID')).replaceAll('"', '')} with what is no client id`, async () => {
      for (const id of badIds) {
        const { code, message } = await client.refusal(call, ...args(id));
        assert.equal(code, 'GW_CLIENT_ID', `${JSON.stringify(id)}: ${message}`);
      }
    });
  }

  const badMessages = [null, 12, true, {}, ['hi']];
  const takeMessages: [call: string, args: (message: unknown) => unknown[]][] = [
    ['sendToAll', (message) => [message]],
    ['sendToClient', (message) => [ID, message]],
    ['sendToCurrentClient', (message) => [message]],
    ['sendToUid', (message) => ['ann', message]],
    ['sendToGroup', (message) => ['red', message]],
    ['closeClient', (message) => [ID, message]],
    ['closeCurrentClient', (message) => [message]],
    ['client.send', (message) => [message]],
    ['client.close', (message) => [message]],
  ];
  for (const [call, args] of takeMessages) {
    it(`${call}: ${JSON.stringify(args('MESSAGE')).replaceAll('"', '')} with what is no message`, async () => {
      for (const message of badMessages) {
        assert.equal((await client.refusal(call, ...args(message))).code, 'GW_ARGUMENT');
      }
    });
  }

  it('a missing message is refused too', async () => {
    assert.equal((await client.refusal('sendToAll')).code, 'GW_ARGUMENT');
    assert.match(
      (await client.refusal('sendToClient', ID)).message,
      /sendToClient was given nothing as its message; expected a string/,
    );
  });

  for (const call of ['setSession', 'updateSession']) {
    it(`${call}: a session that is no object`, async () => {
      for (const session of [null, 'text', 12, [1]]) {
        assert.equal((await client.refusal(call, ID, session)).code, 'GW_ARGUMENT');
      }
    });
  }

  it('the same connection works on after all of that', async () => {
    assert.equal(await client.call('isOnline', client.id), true);
  });
});
