import { parseClientId } from '../wire/client-id.js';
import { Command } from '../wire/command.js';
import type { Session } from '../wire/session.js';
import {
  type Selected,
  bytesOf,
  clientIds,
  clientIdsByGroup,
  clientIdsOf,
  counted,
  entries,
  fromEntries,
  selected,
  session,
  sessionsByClientId,
  sum,
  text,
  uidsByGroup,
  uidsOf,
} from './answers.js';
import { type Name, checkName, checkNames } from './arguments.js';
import { clientIdAt } from './base-calls.js';
import { IdentityCalls } from './identity-calls.js';

/**
 * Queries. They ask every gateway, or the one that holds the client, and throw PartialResultError (GW_TIMEOUT) when one
 * does not answer within 5 s. What the calling handler has written to its client's session is sent before them.
 */
export abstract class QueryCalls extends IdentityCalls {
  // ---- who is online ----

  /** Whether a client is connected. */
  async isOnline(clientId: string): Promise<boolean> {
    return await this.askHolder('isOnline', clientId, Command.IS_ONLINE, '', (answers) => sum(answers) > 0);
  }

  /** Whether any client is bound to a uid. */
  async isUidOnline(uid: Name): Promise<boolean> {
    const name = checkName('isUidOnline', 'uid', uid);
    return await this.ask(
      'isUidOnline',
      Command.GET_CLIENT_ID_BY_UID,
      name,
      (answers) => clientIds(answers).length > 0,
    );
  }

  /** Whether any client is bound to each uid: by uid. */
  async isUidsOnline(uids: readonly Name[]): Promise<Record<string, boolean>> {
    return await this.#byUid('isUidsOnline', uids, (ids) => ids.length > 0);
  }

  /** The client ids that are bound to a uid. */
  async getClientIdByUid(uid: Name): Promise<string[]> {
    const name = checkName('getClientIdByUid', 'uid', uid);
    return await this.ask('getClientIdByUid', Command.GET_CLIENT_ID_BY_UID, name, clientIds);
  }

  /** The client ids that are bound to each uid: by uid; an empty list for one that nobody is bound to. */
  async batchGetClientIdByUid(uids: readonly Name[]): Promise<Record<string, string[]>> {
    return await this.#byUid('batchGetClientIdByUid', uids, (ids) => ids);
  }

  /** The uid that a client is bound to; null when to none, or when it is gone. */
  async getUidByClientId(clientId: string): Promise<string | null> {
    return await this.#ofClient('getUidByClientId', clientId, 'uid', (client) => client?.uid ?? null);
  }

  /** The groups that a client is in; none when it is gone. */
  async getGroupsByClientId(clientId: string): Promise<string[]> {
    return await this.#ofClient('getGroupsByClientId', clientId, 'groups', (client) => [
      ...(client?.groups ?? []),
    ]);
  }

  // ---- one group ----

  /** The client ids in a group. */
  async getClientIdListByGroup(group: Name): Promise<string[]> {
    return await this.#inGroup('getClientIdListByGroup', group, clientIdsOf);
  }

  /** How many clients are in a group. */
  async getClientIdCountByGroup(group: Name): Promise<number> {
    const name = checkName('getClientIdCountByGroup', 'group', group);
    return await this.ask('getClientIdCountByGroup', Command.GET_CLIENT_COUNT_BY_GROUP, name, sum);
  }

  /** {@link getClientIdCountByGroup}, by GatewayWorker's older name. */
  async getClientCountByGroup(group: Name): Promise<number> {
    return await this.getClientIdCountByGroup(group);
  }

  /** How many clients are in each group: by group. */
  async batchGetClientIdCountByGroup(groups: readonly Name[]): Promise<Record<string, number>> {
    const names = checkNames('batchGetClientIdCountByGroup', 'group', groups);
    return await this.ask(
      'batchGetClientIdCountByGroup',
      Command.BATCH_GET_CLIENT_COUNT_BY_GROUP,
      JSON.stringify(names),
      (answers) => {
        const counts = fromEntries(
          names.map((name) => [name, 0] as const),
          (count) => count as number,
        );
        for (const [, group, count] of entries(answers)) {
          // a gateway that answers with another name was not asked about it
          if (String(group) in counts) counts[String(group)] += Number(count);
        }
        return counts;
      },
    );
  }

  /** The uids in a group, each once. */
  async getUidListByGroup(group: Name): Promise<string[]> {
    return await this.#inGroup('getUidListByGroup', group, uidsOf);
  }

  /** How many different uids are in a group. */
  async getUidCountByGroup(group: Name): Promise<number> {
    return await this.#inGroup('getUidCountByGroup', group, (clients) => uidsOf(clients).length);
  }

  /** The sessions of a group's clients: by client id. */
  async getClientSessionsByGroup<S extends object = Session>(group: Name): Promise<Record<string, S>> {
    const name = checkName('getClientSessionsByGroup', 'group', group);
    return await this.ask(
      'getClientSessionsByGroup',
      Command.GET_CLIENT_SESSIONS_BY_GROUP,
      name,
      sessionsByClientId<S>,
    );
  }

  /** {@link getClientSessionsByGroup}, by GatewayWorker's older name. */
  async getClientInfoByGroup<S extends object = Session>(group: Name): Promise<Record<string, S>> {
    return await this.getClientSessionsByGroup<S>(group);
  }

  // ---- everyone ----

  /** Every client id. */
  async getAllClientIdList(): Promise<string[]> {
    return await this.#select('getAllClientIdList', ['uid'], [], clientIdsOf);
  }

  /** How many clients are connected. */
  async getAllClientIdCount(): Promise<number> {
    return await this.ask('getAllClientIdCount', Command.GET_CLIENT_COUNT_BY_GROUP, '', sum);
  }

  /** {@link getAllClientIdCount}, by GatewayWorker's older name. */
  async getAllClientCount(): Promise<number> {
    return await this.getAllClientIdCount();
  }

  /** Every uid that a client is bound to, each once. */
  async getAllUidList(): Promise<string[]> {
    return await this.#select('getAllUidList', ['uid'], [], uidsOf);
  }

  /** How many different uids clients are bound to. */
  async getAllUidCount(): Promise<number> {
    return await this.#select('getAllUidCount', ['uid'], [], (clients) => uidsOf(clients).length);
  }

  /** Every client's session, or those of a group: by client id. */
  async getAllClientSessions<S extends object = Session>(group?: Name): Promise<Record<string, S>> {
    if (group !== undefined && group !== '') return await this.getClientSessionsByGroup<S>(group);
    return await this.ask('getAllClientSessions', Command.GET_ALL_CLIENT_SESSIONS, '', sessionsByClientId<S>);
  }

  /** {@link getAllClientSessions}, by GatewayWorker's older name. */
  async getAllClientInfo<S extends object = Session>(group?: Name): Promise<Record<string, S>> {
    return await this.getAllClientSessions<S>(group);
  }

  /** Every group that has a client. */
  async getAllGroupIdList(): Promise<string[]> {
    return await this.ask('getAllGroupIdList', Command.GET_GROUP_ID_LIST, '', (answers) => [
      ...new Set(Array.from(entries(answers), ([, , group]) => text(group))),
    ]);
  }

  /** The uids in every group: by group. */
  async getAllGroupUidList(): Promise<Record<string, string[]>> {
    return await this.#select('getAllGroupUidList', ['uid', 'groups'], [], uidsByGroup);
  }

  /** How many different uids are in every group: by group. */
  async getAllGroupUidCount(): Promise<Record<string, number>> {
    return await this.#select('getAllGroupUidCount', ['uid', 'groups'], [], (clients) =>
      counted(uidsByGroup(clients)),
    );
  }

  /** The client ids in every group: by group. */
  async getAllGroupClientIdList(): Promise<Record<string, string[]>> {
    return await this.#select('getAllGroupClientIdList', ['groups'], [], clientIdsByGroup);
  }

  /** How many clients are in every group: by group. */
  async getAllGroupClientIdCount(): Promise<Record<string, number>> {
    return await this.#select('getAllGroupClientIdCount', ['groups'], [], (clients) =>
      counted(clientIdsByGroup(clients)),
    );
  }

  // ---- sessions ----

  /** A client's session, {} when it has none yet; null when the client is gone. */
  async getSession<S extends object = Session>(clientId: string): Promise<S | null> {
    return await this.askHolder('getSession', clientId, Command.GET_SESSION_BY_CLIENT_ID, '', ([answer]) =>
      answer === undefined || answer.value === null ? null : (session(answer.value) as S),
    );
  }

  /**
   * @internal A client as its gateway knows it (wire/client-state.ts), '' when nothing is known; null when it is gone, or
   * its gateway is, or that is a PHP gateway.
   */
  async clientState(clientId: string): Promise<Buffer | null> {
    const holder = this.holder(clientId);
    if (holder?.up !== true || holder.php) return null;
    return await this.askHolder('clientState', clientId, Command.GET_CLIENT_STATE, '', ([answer]) =>
      answer === undefined || answer.value === null ? null : bytesOf(answer.value),
    );
  }

  /** What `make` makes of a field of one client; undefined when it is gone. */
  async #ofClient<T>(
    call: string,
    clientId: string,
    field: 'uid' | 'groups',
    make: (client: Selected | undefined) => T,
  ): Promise<T> {
    const { connectionId } = parseClientId(clientId);
    const where = { connection_id: { [connectionId]: connectionId } };
    const ext = JSON.stringify({ fields: [field], where });
    return await this.askHolder(call, clientId, Command.SELECT, ext, (answers) => make(selected(answers)[0]));
  }

  /** By uid, what `make` makes of the client ids that are bound to it. */
  async #byUid<T>(
    call: string,
    uids: readonly Name[],
    make: (clientIds: string[]) => T,
  ): Promise<Record<string, T>> {
    const names = checkNames(call, 'uid', uids);
    return await this.ask(call, Command.BATCH_GET_CLIENT_ID_BY_UID, JSON.stringify(names), (answers) => {
      const found = new Map(names.map((name) => [name, [] as string[]]));
      for (const [gateway, uid, ids] of entries(answers)) {
        if (ids instanceof Map) {
          for (const id of ids.values()) found.get(String(uid))?.push(clientIdAt(gateway, Number(id)));
        }
      }
      return fromEntries(found, make);
    });
  }

  async #inGroup<T>(call: string, group: Name, make: (clients: Selected[]) => T): Promise<T> {
    return await this.#select(call, ['uid'], { groups: [checkName(call, 'group', group)] }, make);
  }

  /** @param make makes the call's result of the clients, of all or, when some gateways do not answer, of those that are known */
  async #select<T>(
    call: string,
    fields: readonly string[],
    where: object,
    make: (clients: Selected[]) => T,
  ): Promise<T> {
    const ext = JSON.stringify({ fields, where });
    return await this.ask(call, Command.SELECT, ext, (answers) => make(selected(answers)));
  }
}
