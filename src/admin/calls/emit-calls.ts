import { Type } from '#typebox';
import { clientId, clientIds, event, exclude, namedData, nameOrNames, result } from './arguments.js';
import { call } from './call.js';

const optional = Type.Optional;
const { sent } = result;

export const emitCalls = {
  emitToAll: call(
    'send',
    'Sends a named message to every client, or to some.',
    {
      event,
      data: optional(namedData),
      clientIds: optional(clientIds('Those who get it. Default: everyone.')),
      exclude: optional(exclude),
    },
    sent,
    (calls, { event: name, data, ...options }) => calls.emitToAll(name, data, options),
  ),
  emitToClient: call(
    'send',
    'Sends a named message to one client.',
    { clientId, event, data: optional(namedData) },
    sent,
    (calls, { clientId: id, event: name, data }) => calls.emitToClient(id, name, data),
  ),
  emitToUid: call(
    'send',
    'Sends a named message to every client that is bound to a uid.',
    { uid: nameOrNames('A uid, or several.'), event, data: optional(namedData) },
    sent,
    (calls, { uid, event: name, data }) => calls.emitToUid(uid, name, data),
  ),
  emitToGroup: call(
    'send',
    'Sends a named message to every client in a group; to one that is in several of them, once.',
    {
      group: nameOrNames('A group, or several.'),
      event,
      data: optional(namedData),
      exclude: optional(exclude),
    },
    sent,
    (calls, { group, event: name, data, ...options }) => calls.emitToGroup(group, name, data, options),
  ),
};
