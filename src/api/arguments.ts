import { GatewayError } from '../errors.js';

/** What can be sent to a client: a string goes out as text, bytes as binary. */
export type Message = string | Uint8Array;

/** A uid or group: a number is the same as its decimal text. */
export type Name = string | number;

/** @throws GW_ARGUMENT unless it is a string or bytes */
export function checkMessage(call: string, message: unknown): Message {
  if (typeof message === 'string' || message instanceof Uint8Array) return message;
  throw new GatewayError(
    'GW_ARGUMENT',
    `${call} was given ${describe(message)} as its message; expected a string, a Buffer or a Uint8Array (JSON.stringify makes a string of an object).`,
  );
}

/** The uid or group as a string. As in GatewayWorker, '' and '0' are none. @throws GW_ARGUMENT */
export function checkName(call: string, what: 'uid' | 'group', name: unknown): string {
  if (typeof name === 'string' && name !== '' && name !== '0') return name;
  if (typeof name === 'number' && name !== 0 && Number.isFinite(name)) return String(name);
  throw new GatewayError(
    'GW_ARGUMENT',
    `${call} was given ${describe(name)} as a ${what}; expected a string or number other than '' and 0.`,
  );
}

/** One name or several, as strings. @throws GW_ARGUMENT */
export function checkNames(call: string, what: 'uid' | 'group', names: unknown): string[] {
  return Array.isArray(names)
    ? names.map((name: unknown) => checkName(call, what, name))
    : [checkName(call, what, names)];
}

/** @throws GW_ARGUMENT unless it is a list; what is in it is checked where it is read */
export function checkClientIds(call: string, clientIds: unknown): void {
  if (Array.isArray(clientIds)) return;
  throw new GatewayError(
    'GW_ARGUMENT',
    `${call} was given ${describe(clientIds)} as clientIds; expected an array.`,
  );
}

/** @throws GW_ARGUMENT unless it is a plain object */
export function checkSession(call: string, session: unknown): Record<string, unknown> {
  if (typeof session === 'object' && session !== null && !Array.isArray(session)) {
    return session as Record<string, unknown>;
  }
  throw new GatewayError(
    'GW_ARGUMENT',
    `${call} was given ${describe(session)} as a session; expected an object.`,
  );
}

function describe(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return value === undefined ? 'nothing' : `a value of type ${typeof value}`;
}
