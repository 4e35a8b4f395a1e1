import { Command, Flag } from '../../wire/command.js';
import type { ReceivedFrame } from '../../wire/frame.js';
import { type PhpValue, phpKey } from '../../wire/php-value.js';
import type { ClientRecord } from '../client-record.js';
import type { Directory } from '../directory.js';
import type { CommandTarget, QueryHandler } from './command-handler.js';
import { connectionIds, jsonObject, nameList, nameOf } from './ext-data.js';

const EMPTY = Buffer.alloc(0);

/**
 * Looks things up. The answers are GatewayWorker's: maps by connection id, lists, counts. Sessions are given as they are
 * stored to those who read every format, which are those with a request id, and as PHP reads them to all others.
 */
export const queries: Readonly<Record<number, QueryHandler>> = {
  [Command.IS_ONLINE]: ({ directory }, frame) => (directory.get(frame.connectionId) === undefined ? 0 : 1),

  [Command.GET_ALL_CLIENT_SESSIONS]: (target, frame) => sessions(target, target.directory.clients(), frame),

  [Command.GET_CLIENT_SESSIONS_BY_GROUP]: (target, frame) =>
    sessions(target, target.directory.withGroup(nameOf(frame)), frame),

  // no group: everyone
  [Command.GET_CLIENT_COUNT_BY_GROUP]({ directory }, frame) {
    const group = nameOf(frame);
    return group === '' ? directory.size : directory.withGroup(group).size;
  },

  [Command.BATCH_GET_CLIENT_COUNT_BY_GROUP]: ({ directory }, frame) =>
    new Map(nameList(frame).map((group) => [group, directory.withGroup(group).size])),

  [Command.GET_CLIENT_ID_BY_UID]: ({ directory }, frame) => ids(directory.withUid(nameOf(frame))),

  [Command.BATCH_GET_CLIENT_ID_BY_UID]: ({ directory }, frame) =>
    new Map(nameList(frame).map((uid) => [uid, ids(directory.withUid(uid))])),

  // PHP has them as keys of an array
  [Command.GET_GROUP_ID_LIST]: ({ directory }) => Array.from(directory.groups(), phpKey),

  // ext_data: JSON {fields: ['session' | 'uid' | 'groups', …], where: {groups | uid | connection_id: […]} or []}
  [Command.SELECT](target, frame) {
    const { fields, where } = jsonObject(frame);
    const names = nameList(frame, fields);
    return new Map(
      [...select(frame, target.directory, (where ?? {}) as Record<string, unknown>)].map((client) => [
        client.id,
        new Map(names.map((name) => [name, field(target, client, name, frame)])),
      ]),
    );
  },

  [Command.GET_SESSION_BY_CLIENT_ID](target, frame) {
    const client = target.directory.get(frame.connectionId);
    return client === undefined ? null : session(target, client, frame);
  },

  [Command.GET_CLIENT_STATE]({ directory }, frame) {
    const client = directory.get(frame.connectionId);
    return client === undefined ? null : (client.state?.ext(client.address, client.uid ?? '') ?? EMPTY);
  },
};

function sessions(target: CommandTarget, clients: Iterable<ClientRecord>, query: ReceivedFrame): PhpValue {
  const result = new Map<number, PhpValue>();
  for (const client of clients) result.set(client.id, session(target, client, query));
  return result;
}

function session(target: CommandTarget, client: ClientRecord, query: ReceivedFrame): Buffer {
  if ((query.flags & Flag.REQUEST) === 0) return target.phpSessions.of(client);
  return client.state?.bytes ?? EMPTY;
}

function ids(clients: Iterable<ClientRecord>): number[] {
  return Array.from(clients, (client) => client.id);
}

/** The clients that fit one of the conditions; all when there is none. */
function select(
  frame: ReceivedFrame,
  directory: Directory,
  where: Record<string, unknown>,
): Iterable<ClientRecord> {
  const conditions = Object.entries(where);
  if (conditions.length === 0) return directory.clients();
  const found = new Set<ClientRecord>();
  for (const [key, items] of conditions) {
    for (const client of fitting(frame, directory, key, items)) found.add(client);
  }
  return found;
}

function* fitting(
  frame: ReceivedFrame,
  directory: Directory,
  key: string,
  items: unknown,
): Generator<ClientRecord> {
  if (key === 'connection_id') {
    for (const id of connectionIds(items)) {
      const client = directory.get(id);
      if (client !== undefined) yield client;
    }
    return;
  }
  for (const item of nameList(frame, items)) {
    if (key === 'groups') yield* directory.withGroup(item);
    else if (key === 'uid') yield* directory.withUid(item);
  }
}

function field(target: CommandTarget, client: ClientRecord, name: string, query: ReceivedFrame): PhpValue {
  if (name === 'uid') return client.uid ?? null;
  if (name === 'session') return session(target, client, query);
  if (name === 'groups' && client.groups !== undefined) {
    return new Map(Array.from(client.groups, (group) => [group, group]));
  }
  return null;
}
