import type { ClientRecord } from '../gateway/client-record.js';
import type { Gateway } from '../gateway/gateway.js';
import type { ClientList, ClientQuery, ClientRow } from '../ops/requests/clients.js';
import { MOST_LOOKED, SHOWN } from '../ops/requests/clients.js';
import { shownOf } from './connection-page.js';
import { Slices } from '../base/slices.js';
import { textMatcher } from './text-matcher.js';

/** What is looked through. */
type Searched = Pick<Gateway, 'directory' | 'clientIdOf'>;

/** How an answer says where it has ended: behind a client, which was at a place in the order of that moment. */
const AFTER = /^(\d{1,15})-(\d{1,10})$/;

/**
 * Some of a gateway's clients: looks through them from where the answer before has ended, until it has as many as are asked
 * for, or has looked at enough. Clients may come and go meanwhile.
 */
export async function searchClients(gateway: Searched, query: ClientQuery): Promise<ClientList> {
  const { directory } = gateway;
  const { all, total } = candidates(gateway, query);
  const wanted = matcher(gateway, query);
  const [, place = '0', id = '0'] = AFTER.exec(query.after) ?? [];
  const last = directory.get(Number(id));
  // that client says where to go on, and where it is gone, its place
  const lastIsThere = last !== undefined && isCandidate(last, query);
  const clients: ClientRow[] = [];
  const slices = new Slices();
  let [position, looked, next] = [0, 0, query.after];
  let skipping = Number(place) > 0;
  for (const client of all) {
    if (!skipping && (clients.length >= query.limit || looked >= MOST_LOOKED)) {
      return { clients, next, looked, total };
    }
    if (slices.over) await slices.rest();
    position++;
    if (skipping) {
      skipping = lastIsThere ? client !== last : position < Number(place);
      continue;
    }
    looked++;
    if (wanted(client)) clients.push(rowOf(gateway, client));
    next = `${position}-${client.id}`;
  }
  return { clients, next: null, looked, total };
}

/** What a list says of a client. */
export function rowOf(gateway: Searched, client: ClientRecord): ClientRow {
  return {
    clientId: gateway.clientIdOf(client),
    uid: client.uid?.slice(0, SHOWN) ?? null,
    groups: client.groups?.size ?? 0,
    ...shownOf(client),
    queued: client.queued?.length ?? 0,
  };
}

/** Those that a group or a uid leaves, which are found without looking at any other. */
function candidates(
  { directory }: Searched,
  { group, uid }: ClientQuery,
): { all: Iterable<ClientRecord>; total: number } {
  if (uid !== '') return { all: directory.withUid(uid), total: directory.countOfUid(uid) };
  if (group === '') return { all: directory.clients(), total: directory.size };
  const all = directory.withGroup(group);
  return { all, total: all.size };
}

function isCandidate(client: ClientRecord, { group, uid }: ClientQuery): boolean {
  return uid === '' ? group === '' || client.groups?.has(group) === true : client.uid === uid;
}

function matcher(
  gateway: Searched,
  { search, group, uid, waiting }: ClientQuery,
): (client: ClientRecord) => boolean {
  const matches = textMatcher(search);
  return (client) => {
    const { connection } = client;
    if (uid !== '' && group !== '' && client.groups?.has(group) !== true) return false;
    if (waiting && connection.bufferedBytes === 0 && (client.queued?.length ?? 0) === 0) return false;
    if (search === '') return true;
    return (
      (client.uid !== undefined && matches(client.uid)) ||
      matches(`${connection.remoteAddress}:${connection.remotePort}`) ||
      matches(gateway.clientIdOf(client))
    );
  };
}
