import { Type } from '#typebox';
import { clientId, exclusive, name, result, scope, session, withBytes } from './arguments.js';
import { call } from './call.js';

const { sent } = result;
const uid = name('A uid.');
const group = name('A group.');

export const identityCalls = {
  bindUid: call(
    'send',
    'Binds a client to a uid. A client has one uid at most, and a uid any number of clients.',
    { clientId, uid, exclusive: Type.Optional(exclusive) },
    sent,
    (calls, { clientId: id, uid: whom, exclusive: alone = false }) => {
      if (typeof alone === 'boolean') return calls.bindUid(id, whom, { exclusive: alone });
      const { message, ...rest } = alone;
      const farewell = message === undefined ? {} : { message: withBytes('bindUid', message) };
      return calls.bindUid(id, whom, { exclusive: { ...rest, ...farewell } });
    },
  ),
  unbindUid: call('send', 'Takes a client’s uid away.', { clientId, uid }, sent, (calls, args) =>
    calls.unbindUid(args.clientId, args.uid),
  ),
  joinGroup: call('send', 'Puts a client into a group.', { clientId, group }, sent, (calls, args) =>
    calls.joinGroup(args.clientId, args.group),
  ),
  leaveGroup: call('send', 'Takes a client out of a group.', { clientId, group }, sent, (calls, args) =>
    calls.leaveGroup(args.clientId, args.group),
  ),
  ungroup: call('send', 'Takes every client out of a group.', { group }, sent, (calls, args) =>
    calls.ungroup(args.group),
  ),
  setSession: call(
    'send',
    'Replaces a client’s session. What its handlers change meanwhile is void.',
    { clientId, session },
    sent,
    (calls, args) => calls.setSession(args.clientId, args.session),
  ),
  updateSession: call(
    'send',
    'Merges into a client’s session, key by key at every depth.',
    { clientId, session },
    sent,
    (calls, args) => calls.updateSession(args.clientId, args.session),
  ),
  routeClient: call(
    'send',
    'Sends a client’s events, from its next one on, to the worker that owns a key.',
    {
      clientId,
      key: name('A key: what a room, a game or a document is called.'),
      scope: Type.Optional(scope),
    },
    sent,
    (calls, { clientId: id, key, ...options }) => calls.routeClient(id, key, options),
  ),
};
