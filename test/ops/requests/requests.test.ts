import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { answerOfNode, readRequest, requests } from '#src/ops/requests/requests.js';
import { FakeNode, STATUS } from '../group/fake-node.js';

describe('what may be asked of a node', () => {
  it('may leave out every argument', () => {
    assert.deepEqual(
      Object.keys(requests).map((command) => readRequest({ command })),
      [
        { command: 'status' },
        { command: 'connections', offset: 0, limit: 100 },
        { command: 'reload', graceful: false },
        { command: 'restart', graceful: false },
        { command: 'stop', graceful: false },
        { command: 'admin' },
        { command: 'live' },
        { command: 'clients', after: '', limit: 50, search: '', group: '', uid: '', waiting: false },
        { command: 'groups', after: '', limit: 50, search: '' },
        { command: 'uids', after: '', limit: 50, search: '' },
        { command: 'client', clientId: '' },
        { command: 'log', after: '' },
        { command: 'metrics' },
        { command: 'trace', clientId: '', uid: '', group: '', payload: false, after: '', stop: false },
      ],
    );
  });

  it('has the arguments that its entry names, and no others', () => {
    assert.deepEqual(readRequest({ command: 'connections', offset: 3, limit: null, graceful: true }), {
      command: 'connections',
      offset: 3,
      limit: 100,
    });
  });

  it('says what it expects', () => {
    for (const [fields, message] of [
      [{ command: 'toString' }, /^The command is "toString": expected status, connections, .* or \w+\.$/],
      [{ command: ['stop'] }, /^The command is \["stop"\]: expected status, connections, .* or \w+\.$/],
      [{ command: 'connections', limit: 0 }, 'limit is 0: expected an integer from 1 to 1000.'],
      [
        { command: 'connections', offset: 0.5 },
        'offset is 0.5: expected an integer from 0 to 9007199254740991.',
      ],
      [{ command: 'reload', graceful: 'yes' }, 'graceful is "yes": expected true or false.'],
    ] as const) {
      assert.throws(() => readRequest(fields), { code: 'GW_CONTROL', message });
    }
  });

  it('is what a node does', async () => {
    const node = new FakeNode();
    assert.equal(await answerOfNode(node, { command: 'status' }), STATUS);
    assert.equal(await answerOfNode(node, { command: 'reload', graceful: true }), null);
    assert.equal(await answerOfNode(node, { command: 'stop', graceful: false }), null);
    assert.deepEqual(node.asked, ['status', 'reload true', 'stop false']);
  });
});
