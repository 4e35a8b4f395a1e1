import type { ConnectionStatus } from './connections.js';
import type { AskedMember, RequestEntry } from './request-entry.js';

/** A client in a list. */
export interface ClientRow extends Omit<ConnectionStatus, 'uid' | 'groups'> {
  /** Its first {@link SHOWN} characters; null when it has none. */
  readonly uid: string | null;
  /** How many it is in. */
  readonly groups: number;
  /** Events that queue for its worker. */
  readonly queued: number;
}

/** Some of the clients, in the order in which they came, node by node. */
export interface ClientList {
  readonly clients: readonly ClientRow[];
  /** What to ask for as `after`, to go on; null when all have been looked through. */
  readonly next: string | null;
  /** How many were looked at for this, and how many there are to look through in all. */
  readonly looked: number;
  readonly total: number;
  /** The nodes of a group that did not answer; missing when all did. */
  readonly missing?: readonly string[];
}

/** Whose clients, and which. */
export interface ClientQuery {
  /** Where an answer before has ended; '' to begin. */
  readonly after: string;
  readonly limit: number;
  /** Part of the client id, the uid or the address, in whatever case; '' for all. */
  readonly search: string;
  /** Only those of this group, or with this uid; '' for all. */
  readonly group: string;
  readonly uid: string;
  /** Only those for whom something waits. */
  readonly waiting: boolean;
}

/** Characters of a uid in a list. */
export const SHOWN = 200;
/** Clients that are looked at for one answer; then it is given, and who wants more asks again. */
export const MOST_LOOKED = 50_000;

const args = {
  after: { type: 'text', maximum: 60 },
  limit: { type: 'integer', minimum: 1, maximum: 200, fallback: 50 },
  search: { type: 'text', maximum: 1000 },
  group: { type: 'text', maximum: 100_000 },
  uid: { type: 'text', maximum: 100_000 },
  waiting: { type: 'flag' },
} as const;

/** `{"command":"clients","search":"10.0.","limit":50}`: a ClientList. */
export const clientsRequest: RequestEntry<typeof args, ClientList> = {
  args,
  changes: false,
  ofNode: async (node, query) => await node.clients(query),

  // those of the first node, then those of the second, and so on: `after` has the node's number before its own part
  async ofGroup({ members }, query) {
    const [, number = '0', rest = ''] = /^(\d+)\/(.*)$/.exec(query.after) ?? [];
    const clients: ClientRow[] = [];
    const missing: string[] = [];
    /** How many each has, of those that have said so. */
    const totals = new Map<AskedMember, number>();
    let looked = 0;
    let next: string | null = null;
    for (let index = Number(number), after = rest; index < members.length; index++, after = '') {
      if (clients.length >= query.limit || looked >= MOST_LOOKED) {
        next = `${index}/`;
        break;
      }
      const limit = query.limit - clients.length;
      const part = await members[index].answerTo({ command: 'clients', ...query, after, limit });
      totals.set(members[index], part?.total ?? 0);
      if (part === undefined) {
        missing.push(members[index].name);
        continue;
      }
      clients.push(...part.clients);
      looked += part.looked;
      if (part.next === null) continue;
      next = `${index}/${part.next}`;
      break;
    }
    const total = await totalOf(members, query, totals);
    return { clients, next, looked, total, ...(missing.length > 0 && { missing }) };
  },
};

/** @param known what some have said already */
async function totalOf(
  members: readonly AskedMember[],
  query: ClientQuery,
  known: ReadonlyMap<AskedMember, number>,
): Promise<number> {
  const others = members.filter((member) => !known.has(member));
  const counts = await Promise.all(
    others.map(
      async (member) => await member.answerTo({ command: 'clients', ...query, after: '', limit: 0 }),
    ),
  );
  return [...known.values(), ...counts.map((count) => count?.total ?? 0)].reduce(
    (sum, total) => sum + total,
    0,
  );
}
