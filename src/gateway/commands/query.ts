import { Command } from '../../wire/command.js';
import type { PhpValue } from '../../wire/php-serialize.js';
import type { Client } from '../client.js';
import type { Directory } from '../directory.js';
import type { QueryHandler } from './command-handler.js';
import { connectionIds, jsonObject, stringList } from './ext-data.js';

const EMPTY = Buffer.alloc(0);

/** Looks things up. The answers are GatewayWorker's: maps by connection id, lists, counts. */
export const queries: Readonly<Record<number, QueryHandler>> = {
  [Command.IS_ONLINE]: ({ directory }, frame) => (directory.get(frame.connectionId) === undefined ? 0 : 1),

  [Command.GET_ALL_CLIENT_SESSIONS]: ({ directory }) => sessions(directory.clients()),

  [Command.GET_CLIENT_SESSIONS_BY_GROUP]: ({ directory }, frame) =>
    sessions(directory.withGroup(frame.extText())),

  // no group: everyone
  [Command.GET_CLIENT_COUNT_BY_GROUP]({ directory }, frame) {
    const group = frame.extText();
    return group === '' ? directory.size : directory.withGroup(group).size;
  },

  [Command.BATCH_GET_CLIENT_COUNT_BY_GROUP]: ({ directory }, frame) =>
    new Map(stringList(frame).map((group) => [group, directory.withGroup(group).size])),

  [Command.GET_CLIENT_ID_BY_UID]: ({ directory }, frame) => ids(directory.withUid(frame.extText())),

  [Command.BATCH_GET_CLIENT_ID_BY_UID]: ({ directory }, frame) =>
    new Map(stringList(frame).map((uid) => [uid, ids(directory.withUid(uid))])),

  [Command.GET_GROUP_ID_LIST]: ({ directory }) => [...directory.groups()],

  // ext_data: JSON {fields: ['session' | 'uid' | 'groups', …], where: {groups | uid | connection_id: […]} or []}
  [Command.SELECT]({ directory }, frame) {
    const { fields, where } = jsonObject(frame);
    const names = stringList(frame, fields);
    return new Map(
      [...select(directory, (where ?? {}) as Record<string, unknown>)].map((client) => [
        client.id,
        new Map(names.map((name) => [name, field(client, name)])),
      ]),
    );
  },

  [Command.GET_SESSION_BY_CLIENT_ID]({ directory }, frame) {
    const client = directory.get(frame.connectionId);
    return client === undefined ? null : (client.state?.bytes ?? EMPTY);
  },

  [Command.GET_CLIENT_STATE]({ directory }, frame) {
    const client = directory.get(frame.connectionId);
    return client === undefined ? null : (client.state?.ext(client.address, client.uid ?? '') ?? EMPTY);
  },
};

function sessions(clients: Iterable<Client>): PhpValue {
  const result = new Map<number, PhpValue>();
  for (const client of clients) result.set(client.id, client.state?.bytes ?? EMPTY);
  return result;
}

function ids(clients: Iterable<Client>): number[] {
  return Array.from(clients, (client) => client.id);
}

/** The clients that fit one of the conditions; all when there is none. */
function select(directory: Directory, where: Record<string, unknown>): Iterable<Client> {
  const conditions = Object.entries(where);
  if (conditions.length === 0) return directory.clients();
  const found = new Set<Client>();
  for (const [key, items] of conditions) {
    for (const client of fitting(directory, key, items as object)) found.add(client);
  }
  return found;
}

function* fitting(directory: Directory, key: string, items: object): Generator<Client> {
  if (key === 'connection_id') {
    for (const id of connectionIds(items)) {
      const client = directory.get(id);
      if (client !== undefined) yield client;
    }
    return;
  }
  for (const item of Object.values(items)) {
    if (key === 'groups') yield* directory.withGroup(String(item));
    else if (key === 'uid') yield* directory.withUid(String(item));
  }
}

function field(client: Client, name: string): PhpValue {
  if (name === 'uid') return client.uid ?? null;
  if (name === 'session') return client.state?.bytes ?? EMPTY;
  if (name === 'groups' && client.groups !== undefined) {
    return new Map(Array.from(client.groups, (group) => [group, group]));
  }
  return null;
}
