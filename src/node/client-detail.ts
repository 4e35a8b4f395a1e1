import type { Gateway } from '../gateway/gateway.js';
import { type ClientDetail, SHOWN_GROUPS, SHOWN_SESSION } from '../ops/requests/client.js';
import { LONGEST_NAME } from '../ops/requests/names.js';
import { isAt, parseClientId } from '../wire/client-id.js';
import { decodeSession } from '../wire/session.js';
import { rowOf } from './client-search.js';

/** Bytes of a session beyond which it is not read: it is not shown in full anyway. */
const READABLE = 4 * 1024 * 1024;

/** What its gateway knows of a client; null when it is not here. @throws GW_CLIENT_ID */
export function clientDetail(gateway: Gateway, clientId: string): ClientDetail | null {
  const address = parseClientId(clientId);
  const client = isAt(gateway.inner.address, address)
    ? gateway.directory.get(address.connectionId)
    : undefined;
  if (client === undefined) return null;
  const { uid, groups, connection, peer, state, reading, silentRounds } = client;
  const session = state?.bytes ?? Buffer.alloc(0);
  return {
    ...rowOf(gateway, client),
    uid: uid?.slice(0, LONGEST_NAME) ?? null,
    uidLength: uid?.length ?? 0,
    groups: firstOf(groups ?? []),
    groupCount: groups?.size ?? 0,
    listener: connection.listener.url,
    session: session.length === 0 ? null : textOf(session),
    sessionBytes: session.length,
    worker: peer?.name ?? null,
    reading,
    silentRounds: Math.max(0, silentRounds),
  };
}

function firstOf(groups: Iterable<string>): string[] {
  const first: string[] = [];
  for (const group of groups) {
    if (first.length >= SHOWN_GROUPS) break;
    first.push(group.slice(0, LONGEST_NAME));
  }
  return first;
}

/** As JSON, whoever wrote it. */
function textOf(bytes: Buffer): string {
  // what is too long to be shown is not worth the time to read it
  if (bytes.length > READABLE) return bytes.toString('utf8', 0, SHOWN_SESSION);
  try {
    const text = JSON.stringify(decodeSession(bytes), jsonValue, 2);
    return text.slice(0, SHOWN_SESSION);
  } catch {
    return bytes.toString('utf8', 0, SHOWN_SESSION);
  }
}

/** PHP has integers and bytes that JSON has not. */
function jsonValue(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}
