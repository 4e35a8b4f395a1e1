import type { Dialect } from './dialect.js';
import { FrameRow, type Opening, ROTATION, frameRow, messageBytes } from './messages.js';

/** Who is sent a message, and so what comes to whom. Client 0 sends them all. */
export interface Audience {
  /** What each client asks for before the first message. */
  readonly opening: (client: number) => Opening;
  readonly requests: FrameRow;
  /** Clients that one message goes to. */
  readonly size: number;
  /** What comes to this client. */
  repliesTo(client: number): FrameRow;
  /** How many of the first `sent` messages come to this client. */
  countFor(client: number, sent: number): number;
}

export function everyone(dialect: Dialect, clients: number): Audience {
  const replies = frameRow('a', 0, dialect.reply);
  return {
    opening: () => 's',
    requests: frameRow('a', 0, dialect.request),
    size: clients,
    repliesTo: () => replies,
    countFor: (_, sent) => sent,
  };
}

const GROUPS = 100;
/** What the groups of a hundred clients in a row are apart: each is in as many groups as there are of these. */
const STEPS = [0, 1, 3, 7, 12, 20, 30, 44, 65, 80];
/** Those of the next hundred are as many times further apart; without a factor in common with GROUPS, so that ten stay ten. */
const FACTORS = [1, 3, 7, 9, 11, 13, 17, 19, 21, 23];

/** The groups that this client is in, from 0 on, sorted. Of the first thousand clients no two are in the same ones. */
function groupsOf(client: number): number[] {
  const factor = FACTORS[Math.floor(client / GROUPS) % FACTORS.length];
  return STEPS.map((step) => (client + step * factor) % GROUPS).toSorted((a, b) => a - b);
}

/** GatewayWorker has no group 0. */
function nameOf(group: number): number {
  return group + 1;
}

/** One message to each group in turn. Each group has the same number of members, who share their other groups with others. */
export function groups(dialect: Dialect, clients: number): Audience {
  if (clients % GROUPS !== 0) throw new Error(`${clients} clients; expected a multiple of ${GROUPS}`);
  const all = Array.from({ length: GROUPS }, (_, group) => messageBytes(`g ${nameOf(group)}`, 0, group));
  return {
    opening: (client) => `j ${groupsOf(client).map(nameOf).join(' ')} .`,
    requests: new FrameRow(all.map((each) => dialect.request(each))),
    size: (clients * STEPS.length) / GROUPS,
    // as long as a row of anything else, so that nothing is gained by its being short
    repliesTo: (client) => {
      const own = groupsOf(client).map((group) => dialect.reply(all[group]));
      return new FrameRow(
        Array.from({ length: ROTATION * own.length }, (_, place) => own[place % own.length]),
      );
    },
    countFor: (client, sent) => {
      const own = groupsOf(client);
      return Math.floor(sent / GROUPS) * own.length + own.filter((group) => group < sent % GROUPS).length;
    },
  };
}
