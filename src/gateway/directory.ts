import { randomBytes } from 'node:crypto';
import type { NameKind } from '../wire/name-hash.js';
import type { ClientRecord } from './client-record.js';
import type { ClientWatcher } from './client-watcher.js';
import type { DirectoryListener } from './directory-listener.js';

const NOBODY: ReadonlySet<ClientRecord> = new Set();
/** The groups of a client that has left all of its own: PHP tells it from one that never had any. Nothing is ever in it. */
const LEFT_ALL = new Set<string>();

/**
 * Who is here: clients by connection id, by uid, by group. Every look-up costs what it finds, not what there is.
 * Uids and groups are strings: `12` and `'12'` are the same.
 */
export class Directory {
  /** Told of uids and groups, and by others that know a directory of what they do to clients. */
  watcher: ClientWatcher | undefined;
  /** Told of uids and groups that get their first client, or lose their last. */
  readonly listeners = new Set<DirectoryListener>();
  readonly #clients = new Map<number, ClientRecord>();
  /** Most uids have one client: without a set for it, a look-up among many touches less memory that no cache holds. */
  readonly #uids = new Map<string, ClientRecord | Set<ClientRecord>>();
  readonly #groups = new Map<string, Set<ClientRecord>>();
  // a random start, so that a client id kept over a restart does not address a stranger
  #lastId: number;

  /** @param lastId the connection id before the first one; random by default */
  constructor(lastId: number = randomBytes(4).readUInt32BE()) {
    this.#lastId = lastId;
  }

  get size(): number {
    return this.#clients.size;
  }

  /** A connection id that is not in use, 1 to 2^32 - 1. */
  nextId(): number {
    do {
      this.#lastId = (this.#lastId + 1) >>> 0;
    } while (this.#lastId === 0 || this.#clients.has(this.#lastId));
    return this.#lastId;
  }

  add(client: ClientRecord): void {
    this.#clients.set(client.id, client);
  }

  get(id: number): ClientRecord | undefined {
    return this.#clients.get(id);
  }

  clients(): IterableIterator<ClientRecord> {
    return this.#clients.values();
  }

  /** Forgets a client, its uid and its groups. `client.uid` stays: its last events may still have to be told it. */
  remove(client: ClientRecord): void {
    this.#clients.delete(client.id);
    if (client.uid !== undefined) this.#release(client.uid, client);
    if (client.groups === undefined) return;
    for (const group of client.groups) this.#leave(client, group);
    client.groups = undefined;
  }

  /** One uid per client: binding again moves it. Many clients may have the same. */
  bind(client: ClientRecord, uid: string): void {
    if (client.uid === uid) return;
    this.unbind(client);
    client.uid = uid;
    const others = this.#uids.get(uid);
    if (others === undefined) {
      this.#uids.set(uid, client);
      for (const listener of this.listeners) listener.added('uid', uid);
    } else if (others instanceof Set) {
      others.add(client);
    } else {
      this.#uids.set(uid, new Set([others, client]));
    }
    this.watcher?.noted(client, 'uid', `is ${uid}`);
  }

  unbind(client: ClientRecord): void {
    if (client.uid === undefined) return;
    this.watcher?.noted(client, 'uid', `is ${client.uid} no more`);
    this.#release(client.uid, client);
    client.uid = undefined;
  }

  join(client: ClientRecord, group: string): void {
    if (client.groups === undefined || client.groups === LEFT_ALL) client.groups = new Set();
    if (client.groups.has(group)) return;
    client.groups.add(group);
    const others = this.#groups.get(group);
    if (others === undefined) {
      this.#groups.set(group, new Set([client]));
      for (const listener of this.listeners) listener.added('group', group);
    } else {
      others.add(client);
    }
    this.watcher?.noted(client, 'group', `joins ${group}`);
  }

  leave(client: ClientRecord, group: string): void {
    if (client.groups?.has(group) !== true) return;
    this.watcher?.noted(client, 'group', `leaves ${group}`);
    client.groups.delete(group);
    if (client.groups.size === 0) client.groups = LEFT_ALL;
    this.#leave(client, group);
  }

  /** Takes every client out of a group. */
  ungroup(group: string): void {
    for (const client of this.withGroup(group)) {
      this.watcher?.noted(client, 'group', `leaves ${group}, as all do`);
      client.groups?.delete(group);
      if (client.groups?.size === 0) client.groups = LEFT_ALL;
    }
    if (this.#groups.delete(group)) this.#removed('group', group);
  }

  withUid(uid: string): Iterable<ClientRecord> {
    const found = this.#uids.get(uid);
    if (found === undefined) return NOBODY;
    return found instanceof Set ? found : [found];
  }

  withGroup(group: string): ReadonlySet<ClientRecord> {
    return this.#groups.get(group) ?? NOBODY;
  }

  /** How many uids and groups have clients. */
  get nameCount(): number {
    return this.#uids.size + this.#groups.size;
  }

  /** Every group that has a client. */
  groups(): IterableIterator<string> {
    return this.#groups.keys();
  }

  /** Every uid that a client has. */
  uids(): IterableIterator<string> {
    return this.#uids.keys();
  }

  /** How many clients have it. */
  countOfUid(uid: string): number {
    const found = this.#uids.get(uid);
    if (found === undefined) return 0;
    return found instanceof Set ? found.size : 1;
  }

  /** A client has this uid no more. */
  #release(uid: string, client: ClientRecord): void {
    const found = this.#uids.get(uid);
    if (found !== client && !(found instanceof Set && found.delete(client) && found.size === 0)) return;
    this.#uids.delete(uid);
    this.#removed('uid', uid);
  }

  /** A client is in this group no more. */
  #leave(client: ClientRecord, group: string): void {
    const clients = this.#groups.get(group);
    if (clients?.delete(client) !== true || clients.size > 0) return;
    this.#groups.delete(group);
    this.#removed('group', group);
  }

  #removed(kind: NameKind, name: string): void {
    for (const listener of this.listeners) listener.removed(kind, name);
  }
}
