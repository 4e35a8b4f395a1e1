import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type People, QUERY_CASES, argumentsOf, sorted } from '../support/api-cases.js';
import { ApiClient, introduce } from '../support/api-client.js';
import { NodeProcess } from '../support/node.js';

describe('queries of the Gateway API, through websockets and a worker thread', () => {
  let node: NodeProcess;
  /** Ann: group red and green, session {n: 1}. Bob: red. Ann's second client: green. Nobody: neither uid nor group. */
  let ann: ApiClient;
  let bob: ApiClient;
  let ann2: ApiClient;
  let nobody: ApiClient;
  let people: People;

  before(async () => {
    node = await NodeProcess.start({ events: 'api' });
    const gone = await ApiClient.connect(node.url('ws'));
    [ann, bob, ann2, nobody] = await Promise.all(
      Array.from({ length: 4 }, () => ApiClient.connect(node.url('ws'))),
    );
    await Promise.all([
      introduce([ann, bob, ann2]),
      ann.call('setSession', ann.id, { n: 1 }),
      gone.call('client.bindUid', 'gone'),
      gone.call('client.join', 'gone'),
    ]);
    await gone.leave(ann);
    people = { ann: ann.id, bob: bob.id, ann2: ann2.id, nobody: nobody.id, gone: gone.id };
  });
  after(() => node.stop());

  for (const [call, args, expected] of QUERY_CASES) {
    it(`${call}(${argumentsOf(args)})`, async () => {
      assert.deepEqual(sorted(await nobody.call(call, ...args(people))), sorted(expected(people)));
    });
  }

  it('answers many queries at once, each with its own answer', async () => {
    const groups = Array.from({ length: 100 }, (_, n) => ['red', 'green', 'gone'][n % 3]);
    for (const group of groups) nobody.request('getUidListByGroup', [group]);
    for (const group of groups) {
      const { result } = await nobody.outcome<string[]>();
      assert.deepEqual(sorted(result), { red: ['ann', 'bob'], green: ['ann'], gone: [] }[group]);
    }
  });
});
