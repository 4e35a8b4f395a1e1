/** Messages to a name go to those cells that have it, and reach who has just been given it. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ApiClient } from '../support/api-client.js';
import { Cells } from '../support/cells.js';
import type { WsMessage } from '../support/ws-client.js';

describe('uids and groups over cells', { timeout: 60_000 }, () => {
  let cells: Cells;
  let caller: ApiClient;
  let bob: ApiClient;
  before(async () => {
    cells = await Cells.start({ eu: ['a'], us: ['b'] }, { events: 'api' });
    [caller, bob] = await Promise.all(
      ['a', 'b'].map(async (node) => await ApiClient.connect(cells.node(node).url('ws'))),
    );
  });
  after(async () => {
    await Promise.all([caller, bob].map((client) => client?.ws.close()));
    await cells?.stop();
  });

  /** Everything that Bob has got so far. */
  async function received(): Promise<WsMessage[]> {
    await caller.call('sendToClient', bob.id, 'end');
    return await bob.messagesBefore('end');
  }

  async function framesAtB(): Promise<number> {
    const { cluster } = await cells.node('b').status();
    return cluster.backbone?.cells[0].received ?? 0;
  }

  it('who is given a name by a worker of another cell gets what that sends to it right after', async () => {
    const expected: string[] = [];
    for (let round = 0; round < 150; round++) {
      const [group, uid] = [`group ${round}`, `uid ${round}`];
      caller.request('joinGroup', [bob.id, group]);
      caller.request('sendToGroup', [group, group]);
      caller.request('bindUid', [bob.id, uid]);
      caller.request('sendToUid', [uid, uid]);
      expected.push(group, uid);
    }
    for (let count = 0; count < 600; count++) assert.equal((await caller.outcome()).result, true);
    assert.deepEqual(await received(), expected);
  });

  it('and once that is known, only cells that have a name are sent its messages', async () => {
    await caller.call('joinGroup', bob.id, 'known');
    await received();
    const known = await framesAtB();
    for (let count = 0; count < 100; count++) await caller.call('sendToGroup', `nobody has ${count}`, 'lost');
    assert.deepEqual(await received(), []);
    // the word at the end is one
    const others = (await framesAtB()) - known - 1;
    // two names of a hundred may share a subject with one that Bob has
    assert.ok(others <= 2, `${others} frames came that nobody here is to get`);
    await caller.call('sendToGroup', 'known', 'hello');
    assert.deepEqual(await received(), ['hello']);
  });

  /** What Bob gets of a message to the group. */
  async function send(text: string): Promise<WsMessage[]> {
    await caller.call('sendToGroup', 'door', text);
    return await received();
  }

  it('whoever leaves gets no more, and those who come back get it again', async () => {
    await bob.call('client.join', 'door');
    assert.deepEqual(await send('in'), ['in']);
    await bob.call('client.leave', 'door');
    assert.deepEqual(await send('out'), []);
    await bob.call('client.join', 'door');
    assert.deepEqual(await send('in again'), ['in again']);
  });
});
