/*
 * Calls of the Gateway API and what comes of them, the same whether everybody is at one gateway or each at another: see
 * `introduce` of api-client.ts for who is in which group.
 */

/** Client ids. */
export interface People {
  /** Uid ann, groups red and green, session {n: 1}. */
  readonly ann: string;
  /** Uid bob, group red. */
  readonly bob: string;
  /** Uid ann, group green. */
  readonly ann2: string;
  /** Neither uid nor group. */
  readonly nobody: string;
  /** No longer connected; had a uid and a group of its own. */
  readonly gone: string;
}

/** Lists are compared without regard to their order. */
export type QueryCase = readonly [
  call: string,
  args: (people: People) => unknown[],
  expected: (people: People) => unknown,
];

export const QUERY_CASES: readonly QueryCase[] = [
  ['isOnline', ({ bob }) => [bob], () => true],
  ['isOnline', ({ gone }) => [gone], () => false],
  ['isUidOnline', () => ['ann'], () => true],
  ['isUidOnline', () => ['gone'], () => false],
  ['isUidsOnline', () => [['ann', 'gone']], () => ({ ann: true, gone: false })],
  ['isUidsOnline', () => [[]], () => ({})],
  ['getClientIdByUid', () => ['ann'], ({ ann, ann2 }) => [ann, ann2]],
  ['getClientIdByUid', () => ['gone'], () => []],
  [
    'batchGetClientIdByUid',
    () => [['ann', 'bob', 'gone']],
    ({ ann, bob, ann2 }) => ({ ann: [ann, ann2], bob: [bob], gone: [] }),
  ],
  ['getUidByClientId', ({ bob }) => [bob], () => 'bob'],
  ['getUidByClientId', ({ nobody }) => [nobody], () => null],
  ['getUidByClientId', ({ gone }) => [gone], () => null],
  ['getGroupsByClientId', ({ ann }) => [ann], () => ['red', 'green']],
  ['getGroupsByClientId', ({ nobody }) => [nobody], () => []],
  ['getGroupsByClientId', ({ gone }) => [gone], () => []],
  ['getClientIdListByGroup', () => ['red'], ({ ann, bob }) => [ann, bob]],
  ['getClientIdListByGroup', () => ['gone'], () => []],
  ['getClientIdCountByGroup', () => ['red'], () => 2],
  ['getClientIdCountByGroup', () => ['gone'], () => 0],
  ['getClientCountByGroup', () => ['green'], () => 2],
  ['batchGetClientIdCountByGroup', () => [['red', 'gone']], () => ({ red: 2, gone: 0 })],
  ['getUidListByGroup', () => ['green'], () => ['ann']],
  ['getUidCountByGroup', () => ['green'], () => 1],
  ['getUidCountByGroup', () => ['red'], () => 2],
  ['getClientSessionsByGroup', () => ['red'], ({ ann, bob }) => ({ [ann]: { n: 1 }, [bob]: {} })],
  ['getClientInfoByGroup', () => ['red'], ({ ann, bob }) => ({ [ann]: { n: 1 }, [bob]: {} })],
  ['getClientSessionsByGroup', () => ['gone'], () => ({})],
  ['getAllClientIdList', () => [], ({ ann, bob, ann2, nobody }) => [ann, bob, ann2, nobody]],
  ['getAllClientIdCount', () => [], () => 4],
  ['getAllClientCount', () => [], () => 4],
  ['getAllUidList', () => [], () => ['ann', 'bob']],
  ['getAllUidCount', () => [], () => 2],
  [
    'getAllClientSessions',
    () => [],
    ({ ann, bob, ann2, nobody }) => ({ [ann]: { n: 1 }, [bob]: {}, [ann2]: {}, [nobody]: {} }),
  ],
  ['getAllClientSessions', () => ['green'], ({ ann, ann2 }) => ({ [ann]: { n: 1 }, [ann2]: {} })],
  ['getAllClientInfo', () => ['red'], ({ ann, bob }) => ({ [ann]: { n: 1 }, [bob]: {} })],
  ['getAllGroupIdList', () => [], () => ['red', 'green']],
  ['getAllGroupUidList', () => [], () => ({ red: ['ann', 'bob'], green: ['ann'] })],
  ['getAllGroupUidCount', () => [], () => ({ red: 2, green: 1 })],
  ['getAllGroupClientIdList', () => [], ({ ann, bob, ann2 }) => ({ red: [ann, bob], green: [ann, ann2] })],
  ['getAllGroupClientIdCount', () => [], () => ({ red: 2, green: 2 })],
  ['getSession', ({ ann }) => [ann], () => ({ n: 1 })],
  ['getSession', ({ nobody }) => [nobody], () => ({})],
  ['getSession', ({ gone }) => [gone], () => null],
];

/** Who gets what, of Ann, Bob, and another Ann. */
export type Received = readonly [ann: readonly string[], bob: readonly string[], ann2: readonly string[]];

/** What is sent, by which call; it is given the ids of the three. */
export type SendCase = readonly [
  what: string,
  call: string,
  args: (ids: readonly string[]) => unknown[],
  Received,
];

const SAID = '{"event":"said","data":{"a":1}}';

export const SEND_CASES: readonly SendCase[] = [
  ['everyone', 'sendToAll', () => ['hi'], [['hi'], ['hi'], ['hi']]],
  ['clientIds', 'sendToAll', ([a, b]) => ['hi', { clientIds: [a, b] }], [['hi'], ['hi'], []]],
  ['no clientIds at all', 'sendToAll', () => ['hi', { clientIds: [] }], [[], [], []]],
  [
    'clientIds less exclude',
    'sendToAll',
    ([a, b]) => ['hi', { clientIds: [a, b], exclude: b }],
    [['hi'], [], []],
  ],
  ['all but one', 'sendToAll', ([a]) => ['hi', { exclude: a }], [[], ['hi'], ['hi']]],
  ['all but some', 'sendToAll', ([a, , c]) => ['hi', { exclude: [a, c] }], [[], ['hi'], []]],
  ['one', 'sendToClient', ([, b]) => [b, 'hi'], [[], ['hi'], []]],
  ['one, by an id in capitals', 'sendToClient', ([, b]) => [b.toUpperCase(), 'hi'], [[], ['hi'], []]],
  ['one uid', 'sendToUid', () => ['ann', 'hi'], [['hi'], [], ['hi']]],
  ['uids', 'sendToUid', () => [['ann', 'bob', 'cid'], 'hi'], [['hi'], ['hi'], ['hi']]],
  ['a uid twice', 'sendToUid', () => [['bob', 'bob'], 'hi'], [[], ['hi'], []]],
  ['nobody of that uid', 'sendToUid', () => ['cid', 'hi'], [[], [], []]],
  ['one group', 'sendToGroup', () => ['red', 'hi'], [['hi'], ['hi'], []]],
  ['groups, each client once', 'sendToGroup', () => [['red', 'green'], 'hi'], [['hi'], ['hi'], ['hi']]],
  ['a group but one', 'sendToGroup', ([a]) => ['red', 'hi', { exclude: a }], [[], ['hi'], []]],
  [
    'groups but some',
    'sendToGroup',
    ([a, b]) => [['red', 'green'], 'hi', { exclude: [a, b] }],
    [[], [], ['hi']],
  ],
  ['nobody in that group', 'sendToGroup', () => ['blue', 'hi'], [[], [], []]],
  ['everyone', 'emitToAll', () => ['said', { a: 1 }], [[SAID], [SAID], [SAID]]],
  ['all but one', 'emitToAll', ([a]) => ['said', { a: 1 }, { exclude: a }], [[], [SAID], [SAID]]],
  ['clientIds', 'emitToAll', ([a, b]) => ['said', { a: 1 }, { clientIds: [a, b] }], [[SAID], [SAID], []]],
  ['one', 'emitToClient', ([, b]) => [b, 'said', { a: 1 }], [[], [SAID], []]],
  ['without data', 'emitToClient', ([, b]) => [b, 'bye'], [[], ['{"event":"bye"}'], []]],
  ['uids', 'emitToUid', () => [['ann', 'cid'], 'said', { a: 1 }], [[SAID], [], [SAID]]],
  ['one group', 'emitToGroup', () => ['red', 'said', { a: 1 }], [[SAID], [SAID], []]],
  ['a group but one', 'emitToGroup', ([a]) => ['red', 'said', { a: 1 }, { exclude: a }], [[], [SAID], []]],
];

/** Arguments as they are written above, for a test's name: the ids are not known yet. */
export function argumentsOf(args: (people: People) => unknown[]): string {
  return args.toString().replace(/^\(.*?\) => \[?|\]$/g, '');
}

/** A value whose lists, at any depth, are in order. */
export function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted).toSorted((a, b) => (String(a) < String(b) ? -1 : 1));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, sorted(item)]));
}
