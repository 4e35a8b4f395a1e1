import { GatewayError } from '../../base/errors.js';
import type { ClientRow } from './clients.js';
import { quote } from './mismatch.js';
import type { RequestEntry } from './request-entry.js';

/** Everything that its gateway knows of a client. */
export interface ClientDetail extends Omit<ClientRow, 'groups'> {
  /** Of its uid. */
  readonly uidLength: number;
  /** The first {@link SHOWN_GROUPS} groups, each cut as names of lists are. */
  readonly groups: readonly string[];
  readonly groupCount: number;
  /** The url of the listener that it came in by. */
  readonly listener: string;
  /** Its session as JSON, cut after {@link SHOWN_SESSION} characters, and how many bytes it takes; null when none was set. */
  readonly session: string | null;
  readonly sessionBytes: number;
  /** The worker that its events go to; null until the first one. */
  readonly worker: string | null;
  /** Whether its socket is read: not while its worker is behind, or it has sent more than it may. */
  readonly reading: boolean;
  /** Rounds of the heartbeat since its last sign of life. */
  readonly silentRounds: number;
}

export const SHOWN_GROUPS = 500;
export const SHOWN_SESSION = 64 * 1024;

const args = { clientId: { type: 'text', maximum: 1000 } } as const;

/** `{"command":"client","clientId":"7f0000010b5400000001"}`: a ClientDetail; null when it is not here. */
export const clientRequest: RequestEntry<typeof args, ClientDetail | null> = {
  args,
  changes: false,
  ofNode(node, { clientId }) {
    check(clientId);
    return node.client(clientId);
  },
  async ofGroup({ members }, given) {
    check(given.clientId);
    const found = await Promise.all(
      members.map(async (member) => await member.answerTo({ command: 'client', ...given })),
    );
    return found.find((one) => one !== undefined && one !== null) ?? null;
  },
};

/** @throws GW_CLIENT_ID */
function check(clientId: string): void {
  if (/^[0-9a-f]{20}$/i.test(clientId)) return;
  throw new GatewayError(
    'GW_CLIENT_ID',
    `${quote(clientId)} is no client id; expected 20 hexadecimal digits, as in client.id.`,
  );
}
