import type { ClientRecord } from '../gateway/client-record.js';
import type { Directory } from '../gateway/directory.js';

/** Whose trace it is. */
export interface TraceFilter {
  /** Of this client alone. */
  readonly client?: ClientRecord;
  matches(client: ClientRecord): boolean;
  /** Those that it is about now. */
  clients(): Iterable<ClientRecord>;
  /** How many those are. */
  count(): number;
}

export function filterOfClient(one: ClientRecord): TraceFilter {
  return {
    client: one,
    matches: (client) => client === one,
    clients: () => [one],
    count: () => (one.gone ? 0 : 1),
  };
}

export function filterOfUid(directory: Directory, uid: string): TraceFilter {
  return {
    matches: (client) => client.uid === uid,
    clients: () => directory.withUid(uid),
    count: () => directory.countOfUid(uid),
  };
}

export function filterOfGroup(directory: Directory, group: string): TraceFilter {
  return {
    matches: ({ groups }) => groups?.has(group) === true,
    clients: () => directory.withGroup(group),
    count: () => directory.withGroup(group).size,
  };
}
