import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ApiClient } from '../support/api-client.js';
import { NodeProcess } from '../support/node.js';

describe('calls on the current client', () => {
  let node: NodeProcess;
  before(async () => {
    node = await NodeProcess.start({ events: 'api' });
  });
  after(() => node.stop());

  for (const afterAwait of [false, true]) {
    const when = afterAwait ? ', after an await' : '';

    it(`sendToCurrentClient${when}: each client its own, when many ask at once`, async () => {
      const clients = await Promise.all(Array.from({ length: 20 }, () => ApiClient.connect(node.url('ws'))));
      for (const { id, ...client } of clients) {
        client.ws.send(JSON.stringify({ call: 'sendToCurrentClient', args: [id], afterAwait }));
      }
      for (const client of clients) {
        assert.equal(await client.ws.next(), client.id);
        assert.deepEqual(await client.outcome(), { result: true });
        await client.ws.close();
      }
    });

    it(`closeCurrentClient${when}: the message goes out, then the connection is closed`, async () => {
      const client = await ApiClient.connect(node.url('ws'));
      client.request('closeCurrentClient', ['bye'], { afterAwait });
      assert.equal(await client.ws.next(), 'bye');
      assert.equal((await client.ws.closed).code, 1000);
    });

    for (const call of ['destroyCurrentClient', 'destoryCurrentClient']) {
      it(`${call}${when}: the connection is dropped`, async () => {
        const client = await ApiClient.connect(node.url('ws'));
        client.request(call, [], { afterAwait });
        assert.equal((await client.ws.closed).code, 1006);
      });
    }
  }

  it('client.close sends its message and closes; client.destroy drops the connection', async () => {
    const client = await ApiClient.connect(node.url('ws'));
    client.request('client.close', ['bye']);
    assert.equal(await client.ws.next(), 'bye');
    assert.equal((await client.ws.closed).code, 1000);
    const other = await ApiClient.connect(node.url('ws'));
    other.request('client.destroy');
    assert.equal((await other.ws.closed).code, 1006);
  });

  it('outside a handler they throw GW_NO_CONTEXT', async () => {
    const client = await ApiClient.connect(node.url('ws'));
    const report = await client.call<Record<string, { error?: { code: string } }>>('startReport');
    const codes = Object.entries(report)
      .filter(([call]) => call.includes('Current'))
      .map(([call, { error }]) => [call, error?.code]);
    assert.deepEqual(
      new Map(codes as [string, string][]),
      new Map(
        ['sendToCurrentClient', 'closeCurrentClient', 'destroyCurrentClient', 'destoryCurrentClient'].map(
          (call) => [call, 'GW_NO_CONTEXT'],
        ),
      ),
    );
    await client.ws.close();
  });
});
