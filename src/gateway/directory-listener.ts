import type { NameKind } from '../wire/name-hash.js';

/** Who is told which uids and groups have clients, and which have none any more. */
export interface DirectoryListener {
  /** The first client of a uid or group has come. */
  added(kind: NameKind, name: string): void;
  /** The last one has left. */
  removed(kind: NameKind, name: string): void;
}
