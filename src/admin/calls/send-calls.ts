import { Type } from '#typebox';
import {
  clientId,
  clientIds,
  code,
  data,
  exclude,
  message,
  nameOrNames,
  raw,
  reason,
  result,
  withBytes,
  worker,
} from './arguments.js';
import { call } from './call.js';

const optional = Type.Optional;
const { sent } = result;

export const sendCalls = {
  sendToAll: call(
    'send',
    'Sends to every client, or to some.',
    {
      message,
      clientIds: optional(clientIds('Those who get it. Default: everyone.')),
      exclude: optional(exclude),
      raw: optional(raw),
    },
    sent,
    (calls, { message: given, ...options }) => calls.sendToAll(withBytes('sendToAll', given), options),
  ),
  sendToClient: call(
    'send',
    'Sends to one client.',
    { clientId, message, raw: optional(raw) },
    sent,
    (calls, { clientId: id, message: given, ...options }) =>
      calls.sendToClient(id, withBytes('sendToClient', given), options),
  ),
  sendToUid: call(
    'send',
    'Sends to every client that is bound to a uid.',
    { uid: nameOrNames('A uid, or several.'), message, raw: optional(raw) },
    sent,
    (calls, { uid, message: given, ...options }) =>
      calls.sendToUid(uid, withBytes('sendToUid', given), options),
  ),
  sendToGroup: call(
    'send',
    'Sends to every client in a group; to one that is in several of them, once.',
    {
      group: nameOrNames('A group, or several.'),
      message,
      exclude: optional(exclude),
      raw: optional(raw),
    },
    sent,
    (calls, { group, message: given, ...options }) =>
      calls.sendToGroup(group, withBytes('sendToGroup', given), options),
  ),
  sendToWorker: call(
    'send',
    'Sends something to a worker, whose onWorkerMessage gets it.',
    { to: worker, data },
    sent,
    (calls, { to, data: given }) => calls.sendToWorker(to, withBytes('sendToWorker', given)),
  ),
  closeClient: call(
    'send',
    'Closes a client’s connection, in its protocol’s way; the message goes out first.',
    { clientId, message: optional(message), code: optional(code), reason: optional(reason) },
    sent,
    (calls, { clientId: id, message: given, ...options }) =>
      calls.closeClient(
        id,
        given === undefined ? undefined : withBytes('closeClient', given),
        Object.keys(options).length === 0 ? undefined : options,
      ),
  ),
  destroyClient: call(
    'send',
    'Drops a client’s connection at once; what is still to be sent to it is lost.',
    { clientId },
    sent,
    (calls, { clientId: id }) => calls.destroyClient(id),
  ),
  destoryClient: call(
    'send',
    'destroyClient, as GatewayWorker spells it.',
    { clientId },
    sent,
    (calls, { clientId: id }) => calls.destoryClient(id),
  ),
  drained: call(
    'query',
    'Answers when little of what was sent waits for the gateways of other nodes.',
    {},
    result.nothing,
    async (calls) => {
      await calls.drained();
      return null;
    },
  ),
};
