import type { Witness } from './witness.js';

/** The clients of every run, in the order in which they connect. Dan's worker may be the one that makes the calls. */
export const NAMES = ['ann', 'bob', 'cid', 'dan'] as const;
export type WitnessName = (typeof NAMES)[number];
export type Witnesses = Readonly<Record<WitnessName, Witness>>;

/** A call of the Gateway API. In its arguments `#ann` stands for Ann's client id, and `#nobody` for one that is not in use. */
export interface Step {
  readonly call: string;
  /** As PHP's calls take them. */
  readonly args: readonly unknown[];
  /** Whom it disconnects. */
  readonly closes?: WitnessName;
  /** So long that a message on a connection of its own could overtake it. */
  readonly long?: boolean;
  /** Only PHP takes these arguments: ours refuse them in the caller. */
  readonly phpOnly?: boolean;
  /** It ends a gateway with an older workerman. */
  readonly workerman5?: boolean;
}

const NO_UTF8 = Buffer.from([0xff, 0x00, 0xfe, 0x0a]);
/** A text frame of a server, whole: for raw sends. */
const FRAME = Buffer.from([0x81, 0x03, ...Buffer.from('raw')]);
const LONG = 'ab€'.repeat(40_000);

const SESSION = {
  name: '张三',
  tags: ['a', 'b', 3],
  nested: { x: 1.5, y: null, z: true, deeper: [{ k: 'v' }, []] },
  7: 'seven',
  '07': 'text key',
  big: 9007199254740991,
  negative: -1,
};

const IDENTITIES: readonly Step[] = [
  step('bindUid', '#ann', 'ann'),
  step('bindUid', '#bob', 'bob'),
  step('bindUid', '#bob', 12),
  step('bindUid', '#cid', '12'),
  step('bindUid', '#dan', '012'),
  { ...step('bindUid', '#ann', ''), phpOnly: true },
  { ...step('bindUid', '#ann', 0), phpOnly: true },
  step('bindUid', '#nobody', 'ghost'),
  step('joinGroup', '#ann', 'red'),
  step('joinGroup', '#bob', 'red'),
  step('joinGroup', '#bob', 'red'),
  step('joinGroup', '#bob', 7),
  step('joinGroup', '#cid', '7'),
  step('joinGroup', '#cid', '07'),
  step('joinGroup', '#dan', '群组'),
  step('joinGroup', '#dan', -5),
  { ...step('joinGroup', '#ann', '0'), phpOnly: true },
  step('joinGroup', '#nobody', 'ghosts'),
];

const SESSIONS: readonly Step[] = [
  step('getSession', '#ann'),
  step('setSession', '#ann', SESSION),
  step('getSession', '#ann'),
  step('updateSession', '#ann', {
    tags: ['A'],
    nested: { y: 2, deeper: { 1: 'one' } },
    name: { now: 'nested' },
  }),
  step('getSession', '#ann'),
  step('updateSession', '#bob', { first: 1 }),
  step('setSession', '#cid', {}),
  step('updateSession', '#cid', { a: { b: { c: [] } } }),
  { ...step('setSession', '#dan', [1, 'two', [3]]), phpOnly: true },
  { ...step('updateSession', '#dan', { 1: 'TWO', 5: 'six' }), phpOnly: true },
  { ...step('getSession', '#dan'), phpOnly: true },
  step('setSession', '#nobody', { lost: true }),
  step('updateSession', '#nobody', { lost: true }),
  step('getSession', '#nobody'),
];

const ONLINE: readonly Step[] = [
  step('isOnline', '#ann'),
  step('isOnline', '#nobody'),
  ...['ann', 'bob', 12, '12', '012', 'ghost'].map((uid) => step('isUidOnline', uid)),
  step('isUidsOnline', ['ann', 'bob', 12, '012', 'ghost']),
  ...['ann', 12, '12', 'ghost'].map((uid) => step('getClientIdByUid', uid)),
  step('batchGetClientIdByUid', ['ann', 'ghost', '12', '012']),
  step('batchGetClientIdByUid', [12]),
  step('getUidByClientId', '#ann'),
  step('getUidByClientId', '#cid'),
  step('getUidByClientId', '#nobody'),
];

const GROUPS: readonly Step[] = [
  ...['red', 7, '7', '07', '群组', -5, 'ghosts'].flatMap((group) => [
    step('getClientIdListByGroup', group),
    step('getClientIdCountByGroup', group),
    step('getClientCountByGroup', group),
    step('getUidListByGroup', group),
    step('getUidCountByGroup', group),
    step('getClientSessionsByGroup', group),
  ]),
  step('getAllClientSessions', 'red'),
  step('getAllClientInfo', 'red'),
  step('getClientInfoByGroup', '07'),
  step('batchGetClientIdCountByGroup', ['red', '7', '07', 'ghosts']),
  step('batchGetClientIdCountByGroup', [7, -5]),
  { ...step('getClientIdListByGroup', ['red', 7]), phpOnly: true },
  { ...step('getClientIdListByGroup', 0), phpOnly: true },
  { ...step('getClientIdCountByGroup', ''), phpOnly: true },
];

const EVERYONE: readonly Step[] = [
  'getAllClientIdList',
  'getAllClientIdCount',
  'getAllClientCount',
  'getAllUidList',
  'getAllUidCount',
  'getAllClientSessions',
  'getAllGroupIdList',
  'getAllGroupUidList',
  'getAllGroupUidCount',
  'getAllGroupClientIdList',
  'getAllGroupClientIdCount',
].map((call) => step(call));

const SENDS: readonly Step[] = [
  step('sendToAll', 'to all'),
  step('sendToAll', ''),
  { ...step('sendToAll', LONG), long: true },
  step('sendToAll', 'to two', ['#ann', '#cid', '#nobody']),
  step('sendToAll', 'to nobody', []),
  step('sendToAll', 'to one', ['#ann', '#cid'], ['#ann']),
  step('sendToAll', 'not bob', null, ['#bob']),
  step('sendToAll', 'not ann and bob', null, ['#ann', '#bob', '#nobody']),
  step('sendToAll', FRAME, null, null, true),
  step('sendToClient', '#bob', 'to bob'),
  step('sendToClient', '#bob', '你好'),
  step('sendToClient', '#nobody', 'to nobody'),
  { ...step('sendToClient', '#bob', NO_UTF8), phpOnly: true },
  { ...step('sendToClient', '#bob', 42), phpOnly: true },
  // workerman 5 sends what is no text as JSON
  {
    ...step('sendToClient', '#bob', { say: '你/好', list: [1, 2.5, null] }),
    phpOnly: true,
    workerman5: true,
  },
  step('sendToUid', 'ann', 'to ann'),
  step('sendToUid', 12, 'to twelve'),
  step('sendToUid', ['ann', '12', 'ghost'], 'to three'),
  step('sendToUid', 'ghost', 'to nobody'),
  step('sendToGroup', 'red', 'to red'),
  step('sendToGroup', 7, 'to seven'),
  step('sendToGroup', ['07', '群组'], 'to disjoint groups'),
  step('sendToGroup', 'red', 'red but ann', '#ann'),
  step('sendToGroup', '7', 'seven but both', ['#bob', '#cid']),
  step('sendToGroup', 'red', FRAME, null, true),
  step('sendToGroup', 'ghosts', 'to nobody'),
];

const LEAVING: readonly Step[] = [
  step('leaveGroup', '#bob', 'red'),
  step('leaveGroup', '#bob', 'red'),
  step('getClientIdCountByGroup', 'red'),
  step('unbindUid', '#bob', 12),
  step('isUidOnline', 12),
  step('getUidByClientId', '#bob'),
  step('ungroup', '7'),
  step('ungroup', 'ghosts'),
  step('getAllGroupIdList'),
  { ...step('closeClient', '#ann', 'bye'), closes: 'ann' },
  { ...step('closeClient', '#bob'), closes: 'bob' },
  { ...step('destoryClient', '#cid'), closes: 'cid' },
  step('closeClient', '#ann', 'again'),
  step('isOnline', '#ann'),
  step('isUidOnline', 'ann'),
  step('getAllClientIdList'),
  step('getAllUidList'),
  step('getAllGroupIdList'),
];

/** Every call, with values of every kind. */
export const STEPS: readonly Step[] = [
  ...IDENTITIES,
  ...SESSIONS,
  ...ONLINE,
  ...GROUPS,
  ...EVERYONE,
  ...SENDS,
  ...LEAVING,
];

/** What only workers can do: …Current… calls, raw sends to one, and $_SESSION. Dan makes them. */
export const WORKER_STEPS: readonly Step[] = [
  step('session'),
  step('session.assign', { mine: 1, list: [1, { two: 2 }] }),
  step('session'),
  step('getSession', '#dan'),
  step('session.delete', 'mine'),
  step('session'),
  step('updateSession', '#dan', { from: 'outside' }),
  step('session'),
  step('session.replace', { other: '世界' }),
  step('getSession', '#dan'),
  step('getAllClientSessions'),
  step('sendToCurrentClient', 'to the current one'),
  step('sendToCurrentClient', FRAME, true),
  step('sendToClient', '#ann', FRAME, true),
  step('joinGroup', '#dan', 'current'),
  step('sendToGroup', 'current', 'to the group of one'),
];

/** A step as the name of a test. */
export function title({ call, args }: Step): string {
  const shown = JSON.stringify(args).slice(1, -1);
  return `${call}(${shown.length > 80 ? `${shown.slice(0, 80)}…` : shown})`;
}

function step(call: string, ...args: readonly unknown[]): Step {
  return { call, args };
}
