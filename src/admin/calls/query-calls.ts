import { Type } from '#typebox';
import { clientId, name, names, result } from './arguments.js';
import { type Call, call } from './call.js';
import type { ClusterCalls } from '../../client/cluster-calls.js';

const uid = name('A uid.');
const uids = names('Uids.');
const group = name('A group.');
const groups = names('Groups.');

type Sessions = Promise<Record<string, object>>;

const ofGroup = (
  summary: string,
  answer: Call['result'],
  ask: (calls: ClusterCalls, name: string | number) => unknown,
) => call('query', summary, { group }, answer, (calls, args) => ask(calls, args.group));

const ofAll = (summary: string, answer: Call['result'], ask: (calls: ClusterCalls) => unknown) =>
  call('query', summary, {}, answer, ask);

const allSessions = (summary: string, ask: (calls: ClusterCalls, group?: string | number) => Sessions) =>
  call('query', summary, { group: Type.Optional(group) }, result.sessions, (calls, args) =>
    ask(calls, args.group),
  );

export const queryCalls = {
  isOnline: call('query', 'Whether a client is connected.', { clientId }, result.flag, (calls, args) =>
    calls.isOnline(args.clientId),
  ),
  isUidOnline: call('query', 'Whether any client is bound to a uid.', { uid }, result.flag, (calls, args) =>
    calls.isUidOnline(args.uid),
  ),
  isUidsOnline: call(
    'query',
    'Whether any client is bound to each uid.',
    { uids },
    result.flags,
    (calls, args) => calls.isUidsOnline(args.uids),
  ),
  getClientIdByUid: call(
    'query',
    'The client ids that are bound to a uid.',
    { uid },
    result.list,
    (calls, args) => calls.getClientIdByUid(args.uid),
  ),
  batchGetClientIdByUid: call(
    'query',
    'The client ids that are bound to each uid.',
    { uids },
    result.lists,
    (calls, args) => calls.batchGetClientIdByUid(args.uids),
  ),
  getUidByClientId: call(
    'query',
    'The uid that a client is bound to; null when to none, or when it is gone.',
    { clientId },
    result.textOrNull,
    (calls, args) => calls.getUidByClientId(args.clientId),
  ),
  getGroupsByClientId: call(
    'query',
    'The groups that a client is in; none when it is gone.',
    { clientId },
    result.list,
    (calls, args) => calls.getGroupsByClientId(args.clientId),
  ),
  getClientIdListByGroup: ofGroup('The client ids in a group.', result.list, (calls, of) =>
    calls.getClientIdListByGroup(of),
  ),
  getClientIdCountByGroup: ofGroup('How many clients are in a group.', result.count, (calls, of) =>
    calls.getClientIdCountByGroup(of),
  ),
  getClientCountByGroup: ofGroup('getClientIdCountByGroup, by its older name.', result.count, (calls, of) =>
    calls.getClientCountByGroup(of),
  ),
  batchGetClientIdCountByGroup: call(
    'query',
    'How many clients are in each group.',
    { groups },
    result.counts,
    (calls, args) => calls.batchGetClientIdCountByGroup(args.groups),
  ),
  getUidListByGroup: ofGroup('The uids in a group, each once.', result.list, (calls, of) =>
    calls.getUidListByGroup(of),
  ),
  getUidCountByGroup: ofGroup('How many different uids are in a group.', result.count, (calls, of) =>
    calls.getUidCountByGroup(of),
  ),
  getClientSessionsByGroup: ofGroup('The sessions of a group’s clients.', result.sessions, (calls, of) =>
    calls.getClientSessionsByGroup(of),
  ),
  getClientInfoByGroup: ofGroup(
    'getClientSessionsByGroup, by its older name.',
    result.sessions,
    (calls, of) => calls.getClientInfoByGroup(of),
  ),
  getAllClientIdList: ofAll('Every client id.', result.list, (calls) => calls.getAllClientIdList()),
  getAllClientIdCount: ofAll('How many clients are connected.', result.count, (calls) =>
    calls.getAllClientIdCount(),
  ),
  getAllClientCount: ofAll('getAllClientIdCount, by its older name.', result.count, (calls) =>
    calls.getAllClientCount(),
  ),
  getAllUidList: ofAll('Every uid that a client is bound to, each once.', result.list, (calls) =>
    calls.getAllUidList(),
  ),
  getAllUidCount: ofAll('How many different uids clients are bound to.', result.count, (calls) =>
    calls.getAllUidCount(),
  ),
  getAllClientSessions: allSessions('Every client’s session, or those of a group.', (calls, of) =>
    calls.getAllClientSessions(of),
  ),
  getAllClientInfo: allSessions('getAllClientSessions, by its older name.', (calls, of) =>
    calls.getAllClientInfo(of),
  ),
  getAllGroupIdList: ofAll('Every group that has a client.', result.list, (calls) =>
    calls.getAllGroupIdList(),
  ),
  getAllGroupUidList: ofAll('The uids in every group.', result.lists, (calls) => calls.getAllGroupUidList()),
  getAllGroupUidCount: ofAll('How many different uids are in every group.', result.counts, (calls) =>
    calls.getAllGroupUidCount(),
  ),
  getAllGroupClientIdList: ofAll('The client ids in every group.', result.lists, (calls) =>
    calls.getAllGroupClientIdList(),
  ),
  getAllGroupClientIdCount: ofAll('How many clients are in every group.', result.counts, (calls) =>
    calls.getAllGroupClientIdCount(),
  ),
  getSession: call(
    'query',
    'A client’s session, {} when it has none yet; null when the client is gone.',
    { clientId },
    result.session,
    (calls, args) => calls.getSession(args.clientId),
  ),
};
