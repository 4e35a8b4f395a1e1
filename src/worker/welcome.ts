import { type Name, checkName, checkNames, checkSession, describe } from '../api/arguments.js';
import { GatewayError } from '../base/errors.js';
import type { HandshakeGrant } from '../wire/handshake-answer.js';
import { type Session, encodeSession } from '../wire/session.js';
import { type ResponseHeaders, headerFields } from './response-headers.js';

/** What `onHandshake` returns for a client that may come in. The client has it from `onConnect` on. */
export interface Welcome<S extends object = Session> {
  /** It is bound to this uid. */
  readonly uid?: Name | null | undefined;
  /** It is in these groups. */
  readonly groups?: readonly Name[] | undefined;
  /** What `client.session` is. */
  readonly session?: S | undefined;
  /** One of `request.subprotocols`. Default: the first of them that the listener's `subprotocols` has. */
  readonly subprotocol?: string | null | undefined;
  /** Headers of the answer, such as `Set-Cookie`. */
  readonly headers?: ResponseHeaders | undefined;
}

const CALL = 'onHandshake';
const KEYS: ReadonlyArray<keyof Welcome> = ['uid', 'groups', 'session', 'subprotocol', 'headers'];

/**
 * What the gateway is told of it.
 *
 * @param offered the subprotocols that the client offers
 * @throws GW_ARGUMENT, GW_SESSION when `onHandshake` has returned what is none
 */
export function checkWelcome(returned: unknown, offered: readonly string[]): HandshakeGrant {
  if (returned === undefined || returned === null) return {};
  if (typeof returned !== 'object' || Array.isArray(returned)) throw unexpected(describe(returned));
  const stray = Object.keys(returned).find((key) => !(KEYS as readonly string[]).includes(key));
  if (stray !== undefined) throw unexpected(`an object with ${stray}`);
  const { uid, groups, session, subprotocol, headers } = returned as Welcome;
  return {
    uid: uid === undefined || uid === null ? undefined : checkName(CALL, 'uid', uid),
    groups: groups === undefined ? undefined : checkNames(CALL, 'group', groups),
    session: session === undefined ? undefined : encodeSession(checkSession(CALL, session)),
    subprotocol: checkSubprotocol(subprotocol, offered),
    headers: headers === undefined ? undefined : headerFields(CALL, headers),
  };
}

function checkSubprotocol(subprotocol: unknown, offered: readonly string[]): string | undefined {
  if (subprotocol === undefined || subprotocol === null) return undefined;
  if (offered.includes(subprotocol as string)) return subprotocol as string;
  const those = offered.length === 0 ? 'none, since the client offers none' : `one of ${offered.join(', ')}`;
  throw new GatewayError(
    'GW_ARGUMENT',
    `onHandshake returned the subprotocol ${JSON.stringify(subprotocol)}; expected ${those}.`,
  );
}

function unexpected(found: string): GatewayError {
  return new GatewayError(
    'GW_ARGUMENT',
    `onHandshake returned ${found}; expected nothing, or an object with some of ${KEYS.join(', ')}. To refuse a client, throw new Refused(401).`,
  );
}
