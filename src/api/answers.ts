import type { GatewayAddress } from '../wire/client-id.js';
import type { PhpDecoded, PhpKey } from '../wire/php-serialize.js';
import { type Session, decodeSession, fromPhpArray } from '../wire/session.js';
import { clientIdAt } from './base-calls.js';
import type { Answer } from './pending-queries.js';

/*
 * Gateways answer in PHP's terms: maps by connection id, lists, counts. These make one result of several answers, in the
 * API's terms. A value of an unexpected kind counts as empty: a PHP gateway answers `[]` where it has nothing.
 */

/** The entries of every answer that is a map. */
export function* entries(
  answers: readonly Answer[],
): Generator<[gateway: GatewayAddress, key: PhpKey, value: PhpDecoded]> {
  for (const { gateway, value } of answers) {
    if (!(value instanceof Map)) continue;
    for (const [key, item] of value) yield [gateway, key, item];
  }
}

export function sum(answers: readonly Answer[]): number {
  return answers.reduce((total, { value }) => total + Number(value ?? 0), 0);
}

/** Answers that are maps from connection id to session, as sessions by client id. */
export function sessionsByClientId<S extends object = Session>(
  answers: readonly Answer[],
): Record<string, S> {
  const result: Record<string, S> = {};
  for (const [gateway, id, bytes] of entries(answers))
    result[clientIdAt(gateway, Number(id))] = session(bytes) as S;
  return result;
}

/** Answers that are lists of connection ids, as client ids. */
export function clientIds(answers: readonly Answer[]): string[] {
  return Array.from(entries(answers), ([gateway, , id]) => clientIdAt(gateway, Number(id)));
}

/** What SELECT found out about one client. */
export interface Selected {
  readonly clientId: string;
  readonly uid: string | undefined;
  readonly groups: readonly string[];
}

/** Answers to SELECT. */
export function selected(answers: readonly Answer[]): Selected[] {
  return Array.from(entries(answers), ([gateway, id, fields]) => {
    const { uid, groups } =
      fields instanceof Map ? { uid: fields.get('uid'), groups: fields.get('groups') } : {};
    return {
      clientId: clientIdAt(gateway, Number(id)),
      uid: uid === undefined || uid === null || uid === '' ? undefined : text(uid),
      // the values, since PHP has turned keys like '12' into numbers
      groups: groups instanceof Map ? Array.from(groups.values(), text) : [],
    };
  });
}

export function clientIdsOf(clients: readonly Selected[]): string[] {
  return clients.map(({ clientId }) => clientId);
}

export function uidsOf(clients: readonly Selected[]): string[] {
  return [...new Set(clients.flatMap(({ uid }) => (uid === undefined ? [] : [uid])))];
}

export function clientIdsByGroup(clients: readonly Selected[]): Record<string, string[]> {
  return grouped(
    clients.flatMap(({ clientId, groups }) => groups.map((group) => [group, clientId] as const)),
  );
}

export function uidsByGroup(clients: readonly Selected[]): Record<string, string[]> {
  return grouped(
    clients.flatMap(({ uid, groups }) =>
      uid === undefined ? [] : groups.map((group) => [group, uid] as const),
    ),
  );
}

/** A uid or group: PHP has turned those like '12' into ints. */
export function text(value: PhpDecoded): string {
  return typeof value === 'number' || typeof value === 'bigint' ? String(value) : bytesOf(value).toString();
}

/** A session as an object. Asked for one client's, PHP's gateways answer the array itself and not the bytes that are stored. */
export function session(stored: PhpDecoded): Session {
  return stored instanceof Map ? fromPhpArray(stored) : decodeSession(bytesOf(stored));
}

/** A PHP string's bytes: the codec gives a string where they are UTF-8. */
export function bytesOf(value: PhpDecoded): Buffer {
  if (Buffer.isBuffer(value)) return value;
  return Buffer.from(typeof value === 'string' ? value : '');
}

/** Values in groups, each once and in the order in which they were first seen. */
function grouped(pairs: Iterable<readonly [group: string, value: string]>): Record<string, string[]> {
  const groups = new Map<string, Set<string>>();
  for (const [group, value] of pairs) {
    const values = groups.get(group);
    if (values === undefined) groups.set(group, new Set([value]));
    else values.add(value);
  }
  return fromEntries(groups, (values) => [...values]);
}

/** How many values each group has. */
export function counted(groups: Record<string, string[]>): Record<string, number> {
  return fromEntries(Object.entries(groups), (values) => values.length);
}

/** An object without a prototype: uids and groups are the users' own words, `__proto__` too. */
export function fromEntries<V, R>(
  pairs: Iterable<readonly [string, V]>,
  convert: (value: V) => R,
): Record<string, R> {
  const result = Object.create(null) as Record<string, R>;
  for (const [key, value] of pairs) result[key] = convert(value);
  return result;
}
