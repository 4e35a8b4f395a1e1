import { GatewayError } from '../base/errors.js';
import { isPlainObject } from '../wire/session-value.js';

/** What can be sent to a client: a string goes out as text, bytes as binary. */
export type Message = string | Uint8Array;

/** A uid or group: a number or bigint is the same as its decimal text. */
export type Name = string | number | bigint;

/** Characters. */
const LONGEST_KEY = 1024;

/** @throws GW_ARGUMENT unless it is a string or bytes */
export function checkMessage(call: string, message: unknown): Message {
  if (typeof message === 'string' || message instanceof Uint8Array) return message;
  throw new GatewayError(
    'GW_ARGUMENT',
    `${call} was given ${describe(message)} as its message; expected a string, a Buffer or a Uint8Array (JSON.stringify makes a string of an object).`,
  );
}

/**
 * The uid or group as a string. As in GatewayWorker, '' and '0' are none. A name that is not the same on every way it can
 * take is none, either: half of a surrogate pair, which has no UTF-8, and an int that a number only holds roughly.
 *
 * @throws GW_ARGUMENT
 */
export function checkName(call: string, what: 'uid' | 'group' | 'key', name: unknown): string {
  switch (typeof name) {
    case 'string':
      if (name === '' || name === '0') break;
      if (name.isWellFormed()) return name;
      throw refusedName(
        call,
        `${describe(name)} as a ${what}, which has half of a surrogate pair`,
        'well-formed text',
      );
    case 'number':
      if (name === 0 || !Number.isFinite(name)) break;
      if (!Number.isInteger(name) || Number.isSafeInteger(name)) return String(name);
      throw refusedName(
        call,
        `the number ${name} as a ${what}, which stands for other ints as well`,
        'an int beyond 2^53 as a string or bigint',
      );
    case 'bigint':
      if (name !== 0n) return String(name);
  }
  throw refusedName(call, `${describe(name)} as a ${what}`, "a string or number other than '' and 0");
}

/**
 * The key as a string: what a room, a game or a document is called. Unlike a uid or group, it may be 0.
 *
 * @throws GW_ARGUMENT
 */
export function checkKey(call: string, key: unknown): string {
  if (key === 0 || key === 0n || key === '0') return '0';
  const name = checkName(call, 'key', key);
  if (name.length <= LONGEST_KEY) return name;
  throw refusedName(call, `a key of ${name.length} characters`, `${LONGEST_KEY} at most`);
}

/** One name or several, as strings. @throws GW_ARGUMENT */
export function checkNames(call: string, what: 'uid' | 'group', names: unknown): string[] {
  return Array.isArray(names)
    ? names.map((name: unknown) => checkName(call, what, name))
    : [checkName(call, what, names)];
}

/** As it is sent: `cluster`, or nothing for `node`. @throws GW_ARGUMENT unless it is one of the two */
export function checkScope(call: string, scope: unknown = 'node'): 'cluster' | '' {
  if (scope === 'node') return '';
  if (scope === 'cluster') return scope;
  throw refusedName(call, `${describe(scope)} as its scope`, "'node' or 'cluster'");
}

/** The name of a worker. @throws GW_ARGUMENT */
export function checkWorker(call: string, worker: object): string {
  if ('name' in worker && typeof worker.name === 'string' && worker.name !== '') return worker.name;
  throw refusedName(
    call,
    `${describe(worker)} that has no name`,
    'a key (a string or number) or a worker, such as what onWorkerMessage is given as its `from`',
  );
}

/** What one worker sends another, as it is sent: bytes, or JSON. @throws GW_ARGUMENT */
export function checkData(call: string, data: unknown): Message {
  if (data instanceof Uint8Array) return data;
  let text: string | undefined;
  try {
    text = JSON.stringify(data);
  } catch (cause) {
    throw new GatewayError(
      'GW_ARGUMENT',
      `${call} was given data that JSON cannot hold: ${(cause as Error).message}. Expected plain values, arrays and objects, or bytes.`,
      { cause },
    );
  }
  if (text !== undefined) return text;
  throw refusedName(call, `${describe(data)} as its data`, 'plain values, arrays and objects, or bytes');
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
  if (isPlainObject(session)) return session;
  throw new GatewayError(
    'GW_ARGUMENT',
    `${call} was given ${describe(session)} as a session; expected a plain object.`,
  );
}

function refusedName(call: string, found: string, expected: string): GatewayError {
  return new GatewayError('GW_ARGUMENT', `${call} was given ${found}; expected ${expected}.`);
}

/** What was given, for a message. */
export function describe(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean')
    return String(value);
  return value === undefined ? 'nothing' : `a value of type ${typeof value}`;
}
