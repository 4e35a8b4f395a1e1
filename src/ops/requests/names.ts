import type { AskedGroup, AskedNode, RequestEntry } from './request-entry.js';

/** A group, or a uid. */
export interface NameRow {
  /** Its first {@link LONGEST_NAME} characters. */
  readonly name: string;
  /** How many clients are in it, or have it: of all that begin so, where it is longer. */
  readonly clients: number;
  /** Whether it is longer. */
  readonly cut?: true;
}

/** Some of the names, in their order: that of their UTF-16 code units. */
export interface NameList {
  readonly names: readonly NameRow[];
  /** What to ask for as `after`, to go on; null when there are no more. */
  readonly next: string | null;
  readonly missing?: readonly string[];
}

export interface NameQuery {
  readonly kind: 'groups' | 'uids';
  /** The name before the first one that is asked for. */
  readonly after: string;
  readonly limit: number;
  /** Part of the name, in whatever case. */
  readonly search: string;
}

export const LONGEST_NAME = 4096;

const args = {
  after: { type: 'text', maximum: LONGEST_NAME },
  limit: { type: 'integer', minimum: 1, maximum: 200, fallback: 50 },
  search: { type: 'text', maximum: 1000 },
} as const;

/** `{"command":"groups","search":"room","limit":50}`: a NameList. */
export const groupsRequest = namesRequest('groups');

/** `{"command":"uids"}`: a NameList. */
export const uidsRequest = namesRequest('uids');

function namesRequest(kind: NameQuery['kind']): RequestEntry<typeof args, NameList> {
  return {
    args,
    changes: false,
    ofNode: async (node: AskedNode, query) => await node.names({ kind, ...query }),
    async ofGroup({ members }: AskedGroup, query) {
      const lists = await Promise.all(
        members.map(async (member) => await member.answerTo({ command: kind, ...query })),
      );
      const missing = members.filter((_, index) => lists[index] === undefined).map(({ name }) => name);
      const merged = mergeNames(
        lists.flatMap((list) => list ?? []),
        query.limit,
      );
      return { ...merged, ...(missing.length > 0 && { missing }) };
    },
  };
}

/** Lists that all begin at the same name as one: of a name that several have, the sum. */
function mergeNames(lists: readonly NameList[], limit: number): NameList {
  const rows = new Map<string, NameRow>();
  for (const row of lists.flatMap(({ names }) => names)) {
    rows.set(row.name, { ...row, clients: row.clients + (rows.get(row.name)?.clients ?? 0) });
  }
  const names = [...rows.values()].toSorted((one, other) => (one.name < other.name ? -1 : 1));
  // a list that ends has nothing to say of what comes after its end
  const ends = lists.flatMap(({ next }) => next ?? []);
  const end = ends.reduce((least, one) => (one < least ? one : least), ends[0]);
  const known = end === undefined ? names : names.filter(({ name }) => name <= end);
  const page = known.slice(0, limit);
  const more = page.length < names.length || end !== undefined;
  return { names: page, next: more ? (page.at(-1)?.name ?? null) : null };
}
