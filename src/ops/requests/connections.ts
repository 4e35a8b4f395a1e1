import type { AskedMember, RequestEntry } from './request-entry.js';

/** A client's connection. */
export interface ConnectionStatus {
  readonly clientId: string;
  readonly uid: string | null;
  readonly groups: readonly string[];
  readonly protocol: string;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Bytes sent that the client has not read. */
  readonly buffered: number;
}

/** A part of the connections, in the order in which they came. */
export interface ConnectionPage {
  readonly total: number;
  readonly offset: number;
  readonly connections: readonly ConnectionStatus[];
  /** The nodes of a group that did not answer, whose connections are in neither; missing when all did. */
  readonly missing?: readonly string[];
}

/** Connections of one page at most. */
const MAX_PAGE = 1000;
const DEFAULT_PAGE = 100;

const args = {
  offset: { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER, fallback: 0 },
  limit: { type: 'integer', minimum: 1, maximum: MAX_PAGE, fallback: DEFAULT_PAGE },
} as const;

/** `{"command":"connections","offset":0,"limit":100}`: a ConnectionPage. */
export const connectionsRequest: RequestEntry<typeof args, ConnectionPage> = {
  args,
  changes: false,
  ofNode: (node, { offset, limit }) => node.connections(offset, limit),

  // those of the first node, then those of the second, and so on; nodes that do not answer are named
  async ofGroup(group, { offset, limit }) {
    const members = group.members.filter(({ state }) => state === 'up');
    // how many each has tells whose are to be shown
    const totals = await Promise.all(members.map(async (member) => (await page(member, 0, 0))?.total));
    let before = 0;
    const pages = await Promise.all(
      members.map(async (member, index) => {
        const total = totals[index] ?? 0;
        const from = Math.max(0, offset - before);
        const count = Math.min(offset + limit - before, total) - from;
        before += total;
        return count > 0 ? await page(member, from, count) : { total, connections: [] };
      }),
    );
    const missing = members.flatMap(({ name }, index) =>
      totals[index] === undefined || pages[index] === undefined ? [name] : [],
    );
    return {
      total: pages.reduce((sum, of) => sum + (of?.total ?? 0), 0),
      offset,
      connections: pages.flatMap((of) => of?.connections ?? []),
      ...(missing.length > 0 && { missing }),
    };
  },
};

async function page(
  member: AskedMember,
  offset: number,
  limit: number,
): Promise<Pick<ConnectionPage, 'total' | 'connections'> | undefined> {
  return await member.answerTo({ command: 'connections', offset, limit });
}

/** As many connections as asked for, in as many pages as it takes. @param fetchPage asks for one */
export async function collectConnections(
  offset: number,
  limit: number,
  fetchPage: (request: {
    readonly command: 'connections';
    readonly offset: number;
    readonly limit: number;
  }) => Promise<ConnectionPage>,
): Promise<ConnectionPage> {
  const connections: ConnectionStatus[] = [];
  for (;;) {
    const next = await fetchPage({
      command: 'connections',
      offset: offset + connections.length,
      limit: Math.min(limit - connections.length, MAX_PAGE),
    });
    connections.push(...next.connections);
    if (next.connections.length === 0 || connections.length >= limit) {
      return { ...next, offset, connections };
    }
  }
}
