import { GatewayError } from '../../base/errors.js';
import { quote } from './mismatch.js';
import type { AskedGroup, RequestEntry } from './request-entry.js';

/** Something that happened to a client, or that it was sent. */
export interface TraceEntry {
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly clientId: string;
  /** `in`: from the client; `out`: to it; `about`: what changes on this side. */
  readonly direction: 'in' | 'out' | 'about';
  readonly what: TraceWhat;
  /** Bytes of a message, or of a session's change; missing where that says nothing. */
  readonly size?: number;
  /** A message, or what has happened in words. Bytes that are no text are pairs of hexadecimal digits. */
  readonly text: string;
  /** Whether the message came, or goes out, as bytes. */
  readonly binary?: true;
  /** Whether the text is longer. */
  readonly cut?: true;
}

/**
 * What it was.
 *
 * - in: `connect` (with a websocket the url of its handshake), `message`, `end` (it sends no more), `close`
 * - out: `send`, `kick` (closed), `destroy` (closed at once)
 * - about: `here` (who it is: with the beginning, or with its uid or its group), `lost` (a message that is dropped), `uid`, `group`, `session`, `route` (it is
 *   given a key), `worker` (it goes to another one), `pause` and `resume` (of reading it)
 */
export type TraceWhat =
  | 'here'
  | 'connect'
  | 'message'
  | 'end'
  | 'close'
  | 'send'
  | 'kick'
  | 'destroy'
  | 'lost'
  | 'uid'
  | 'group'
  | 'session'
  | 'route'
  | 'worker'
  | 'pause'
  | 'resume';

/** What has happened since the question before. */
export interface TracePart {
  readonly entries: readonly TraceEntry[];
  /** How many came before those, and were dropped since too many happened. */
  readonly dropped: number;
  /** Clients that it is about now. */
  readonly clients: number;
  /** What to ask for as `after`, to go on; null when the trace is over. */
  readonly next: string | null;
  /** Why it is over. */
  readonly ended: TraceEnd | null;
  /** With the first part: gateways of other nodes, whose clients it does not see. */
  readonly others?: readonly OtherGateway[];
  /** The nodes of a group that do not take part: they do not answer, or have begun anew, and what happened there is not told. */
  readonly missing?: readonly string[];
}

export interface TraceEnd {
  /**
   * `closed`: the client has gone; `stopped`: as asked; `nobody`: there is no such client; `elsewhere`: the client is at
   * another node's gateway; `full`: too many traces run; `unread`: nobody has asked for too long.
   */
  readonly by: 'closed' | 'stopped' | 'nobody' | 'elsewhere' | 'full' | 'unread';
  /** In words, with what to do. */
  readonly message: string;
}

/** A gateway of another node. */
export interface OtherGateway {
  /** Its inner port. */
  readonly address: string;
  /** '' when that is not known. */
  readonly node: string;
  /** Whether it is PHP's, which has no trace. */
  readonly legacy: boolean;
}

/** Whose trace: that of a client, of those with a uid, or of those in a group, whoever that is at the time. */
export interface TraceQuery {
  readonly clientId: string;
  readonly uid: string;
  readonly group: string;
  /** Messages as a whole, and not only how they begin. */
  readonly payload: boolean;
  /** Where the part before has ended; '' to begin. */
  readonly after: string;
  /** Ends it, with what has not been told yet. */
  readonly stop: boolean;
}

const args = {
  clientId: { type: 'text', maximum: 20 },
  uid: { type: 'text', maximum: 100_000 },
  group: { type: 'text', maximum: 100_000 },
  payload: { type: 'flag' },
  after: { type: 'text', maximum: 3000 },
  stop: { type: 'flag' },
} as const;

export const STOPPED: TraceEnd = { by: 'stopped', message: 'The trace was stopped.' };

/** In `after`, for a node of a group that has nothing to do with it. */
const NOTHING = '-';
const SEPARATOR = ',';
const PLACE = /^(?:|-|[0-9a-f]{8}\.\d{1,15})$/;
const CLIENT_ID = /^[0-9a-f]{20}$/i;

/**
 * `{"command":"trace","uid":"ann"}`: a TracePart. The first question begins a trace; those that follow, with `after`, are told
 * what has happened since. One that nobody asks about for 30 seconds ends.
 */
export const traceRequest: RequestEntry<typeof args, TracePart> = {
  args,
  changes: false,
  async ofNode(node, query) {
    check(query, 1);
    return await node.trace(query);
  },
  async ofGroup(group, query) {
    check(query, group.members.length);
    return await traceOfGroup(group, query);
  },
};

/**
 * @param nodes how many there are
 * @throws GW_CLIENT_ID; GW_ARGUMENT when it is not said whose trace, or `after` is nothing that was given
 */
function check({ clientId, uid, group, after }: TraceQuery, nodes: number): void {
  const wanted = [clientId, uid, group].filter((name) => name !== '').length;
  if (wanted !== 1) {
    throw new GatewayError(
      'GW_ARGUMENT',
      `A trace is to have ${wanted} of clientId, uid and group: expected one of them.`,
    );
  }
  if (clientId !== '' && !CLIENT_ID.test(clientId)) {
    throw new GatewayError(
      'GW_CLIENT_ID',
      `clientId is ${quote(clientId)}: expected 20 hexadecimal digits, as in client.id.`,
    );
  }
  const places = after.split(SEPARATOR);
  if (after !== '' && (places.length !== nodes || !places.every((place) => PLACE.test(place)))) {
    throw new GatewayError(
      'GW_ARGUMENT',
      `after is ${quote(after)}: expected next of the answer before, or nothing to begin.`,
    );
  }
}

/** `after` has a part for each node, in their order; '' where it is to begin. */
async function traceOfGroup({ members }: AskedGroup, query: TraceQuery): Promise<TracePart> {
  const places = query.after.split(SEPARATOR);
  const parts = await Promise.all(
    members.map(async (member, index) => {
      const after = places.at(index) ?? '';
      return after === NOTHING ? null : await member.answerTo({ command: 'trace', ...query, after });
    }),
  );
  const told = parts.flatMap((part) => part ?? []);
  const next = parts.map(placeAfter);
  const missing = members.filter((_, index) => next[index] === '');
  const over = query.stop || (told.length > 0 && told.every(({ ended }) => ended !== null));
  const ours = new Set(members.map(({ name }) => name));
  const others = told.flatMap((part) => part.others ?? []).filter(({ node }) => !ours.has(node));
  return {
    entries: told.flatMap(({ entries }) => entries).toSorted((one, other) => one.time - other.time),
    dropped: told.reduce((sum, { dropped }) => sum + dropped, 0),
    clients: told.reduce((sum, { clients }) => sum + clients, 0),
    next: over ? null : next.join(SEPARATOR),
    ended: over ? endOf(told) : null,
    ...(others.length > 0 && { others: unique(others) }),
    ...(missing.length > 0 && { missing: missing.map(({ name }) => name) }),
  };
}

/** Where to go on at a node: one that has lost the trace, as by a restart, begins anew with the next question. */
function placeAfter(part: TracePart | null | undefined): string {
  if (part === null) return NOTHING;
  if (part === undefined || part.ended?.by === 'unread' || part.ended?.by === 'full') return '';
  return part.next ?? NOTHING;
}

/** As the node says that knows most of it. */
function endOf(parts: readonly TracePart[]): TraceEnd {
  const ends = parts.flatMap(({ ended }) => ended ?? []);
  return ends.find(({ by }) => by !== 'elsewhere') ?? ends.at(0) ?? STOPPED;
}

function unique(gateways: readonly OtherGateway[]): OtherGateway[] {
  return [...new Map(gateways.map((gateway) => [gateway.address, gateway])).values()];
}
