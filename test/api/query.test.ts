import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ApiClient, introduce } from '../support/api-client.js';
import { NodeProcess } from '../support/node.js';

describe('queries of the Gateway API, through websockets and a worker thread', () => {
  let node: NodeProcess;
  /** Ann: group red and green, session {n: 1}. Bob: red. Ann's second client: green. Nobody: neither uid nor group. */
  let ann: ApiClient;
  let bob: ApiClient;
  let ann2: ApiClient;
  let nobody: ApiClient;
  let goneId: string;

  before(async () => {
    node = await NodeProcess.start({ events: 'api' });
    const gone = await ApiClient.connect(node.url('ws'));
    goneId = gone.id;
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
  });
  after(() => node.stop());

  /** Each row is a call, its arguments and its result. Lists are compared without regard to their order. */
  const cases: [call: string, args: () => unknown[], expected: () => unknown][] = [
    ['isOnline', () => [bob.id], () => true],
    ['isOnline', () => [goneId], () => false],
    ['isUidOnline', () => ['ann'], () => true],
    ['isUidOnline', () => ['gone'], () => false],
    ['isUidsOnline', () => [['ann', 'gone']], () => ({ ann: true, gone: false })],
    ['isUidsOnline', () => [[]], () => ({})],
    ['getClientIdByUid', () => ['ann'], () => [ann.id, ann2.id]],
    ['getClientIdByUid', () => ['gone'], () => []],
    [
      'batchGetClientIdByUid',
      () => [['ann', 'bob', 'gone']],
      () => ({ ann: [ann.id, ann2.id], bob: [bob.id], gone: [] }),
    ],
    ['getUidByClientId', () => [bob.id], () => 'bob'],
    ['getUidByClientId', () => [nobody.id], () => null],
    ['getUidByClientId', () => [goneId], () => null],
    ['getClientIdListByGroup', () => ['red'], () => [ann.id, bob.id]],
    ['getClientIdListByGroup', () => ['gone'], () => []],
    ['getClientIdCountByGroup', () => ['red'], () => 2],
    ['getClientIdCountByGroup', () => ['gone'], () => 0],
    ['getClientCountByGroup', () => ['green'], () => 2],
    ['batchGetClientIdCountByGroup', () => [['red', 'gone']], () => ({ red: 2, gone: 0 })],
    ['getUidListByGroup', () => ['green'], () => ['ann']],
    ['getUidCountByGroup', () => ['green'], () => 1],
    ['getUidCountByGroup', () => ['red'], () => 2],
    ['getClientSessionsByGroup', () => ['red'], () => ({ [ann.id]: { n: 1 }, [bob.id]: {} })],
    ['getClientInfoByGroup', () => ['red'], () => ({ [ann.id]: { n: 1 }, [bob.id]: {} })],
    ['getClientSessionsByGroup', () => ['gone'], () => ({})],
    ['getAllClientIdList', () => [], () => [ann.id, bob.id, ann2.id, nobody.id]],
    ['getAllClientIdCount', () => [], () => 4],
    ['getAllClientCount', () => [], () => 4],
    ['getAllUidList', () => [], () => ['ann', 'bob']],
    ['getAllUidCount', () => [], () => 2],
    [
      'getAllClientSessions',
      () => [],
      () => ({ [ann.id]: { n: 1 }, [bob.id]: {}, [ann2.id]: {}, [nobody.id]: {} }),
    ],
    ['getAllClientSessions', () => ['green'], () => ({ [ann.id]: { n: 1 }, [ann2.id]: {} })],
    ['getAllClientInfo', () => ['red'], () => ({ [ann.id]: { n: 1 }, [bob.id]: {} })],
    ['getAllGroupIdList', () => [], () => ['red', 'green']],
    ['getAllGroupUidList', () => [], () => ({ red: ['ann', 'bob'], green: ['ann'] })],
    ['getAllGroupUidCount', () => [], () => ({ red: 2, green: 1 })],
    ['getAllGroupClientIdList', () => [], () => ({ red: [ann.id, bob.id], green: [ann.id, ann2.id] })],
    ['getAllGroupClientIdCount', () => [], () => ({ red: 2, green: 2 })],
    ['getSession', () => [ann.id], () => ({ n: 1 })],
    ['getSession', () => [nobody.id], () => ({})],
    ['getSession', () => [goneId], () => null],
  ];
  for (const [call, args, expected] of cases) {
    it(`${call}(${argumentsOf(args)})`, async () => {
      assert.deepEqual(sorted(await nobody.call(call, ...args())), sorted(expected()));
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

/** As they are written above, for a test's name: the ids are not known yet. */
function argumentsOf(args: () => unknown[]): string {
  return args.toString().replace(/^\(\) => \[?|\]$/g, '');
}

/** A value whose lists, at any depth, are in order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted).toSorted((a, b) => (String(a) < String(b) ? -1 : 1));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, sorted(item)]));
}
