import type { Caller, Outcome } from './caller.js';
import type { Effect } from './scene.js';
import type { Step } from './steps.js';

/*
 * The same calls in our API and in PHP's: options instead of positions, promises of lists instead of maps from an item to
 * itself, booleans instead of 0 and 1, strings for every uid and group.
 */

type Args = readonly unknown[];

const OPTIONS: Readonly<Record<string, (args: Args) => Args>> = {
  sendToAll: ([message, clientIds, exclude, raw]) => [message, given({ clientIds, exclude, raw })],
  sendToGroup: ([group, message, exclude, raw]) => [group, message, given({ exclude, raw })],
  sendToClient: ([clientId, message, raw]) => [clientId, message, given({ raw })],
  sendToCurrentClient: ([message, raw]) => [message, given({ raw })],
};

/** Who makes the calls in our API. Its arguments are still those of PHP. */
export class InOurWay implements Caller {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  async call(call: string, args: Args): Promise<Outcome> {
    const { result, error } = await this.#caller.call(call, OPTIONS[call]?.(args) ?? args);
    return error ? { error } : { result: sorted(result) };
  }
}

/** What our API should have done where PHP did this. */
export function inOurWay({ call }: Step, { outcome, seen }: Effect): Effect {
  const { result, error } = outcome;
  return { outcome: error ? { error } : { result: sorted(resultInOurWay(call, result)) }, seen };
}

function resultInOurWay(call: string, result: unknown): unknown {
  switch (call) {
    case 'isOnline':
    case 'isUidOnline':
      return result === 1;
    case 'isUidsOnline':
      return byKey(result, (online) => online === 1);
    case 'getClientIdListByGroup':
    case 'getAllClientIdList':
    case 'getUidListByGroup':
    case 'getAllUidList':
    case 'getAllGroupIdList':
      return list(result);
    case 'getAllGroupUidList':
    case 'getAllGroupClientIdList':
      return byKey(result, list);
    case 'session':
      return byKey(result ?? [], (item) => item);
    case 'getSession':
      return result && byKey(result, (item) => item);
    case 'getAllClientInfo':
    case 'getAllClientSessions':
    case 'getClientInfoByGroup':
    case 'getClientSessionsByGroup':
      return byKey(result, (session) => byKey(session, (item) => item));
    case 'session.replace':
      return undefined;
    default:
      // what sends or changes something has no result in PHP, or true
      return /^(?:send|close|dest|bind|unbind|join|leave|ungroup|set|update)/.test(call) ? true : result;
  }
}

/** A PHP array as an object: in JSON an empty one is a list. */
function byKey(array: unknown, convert: (item: unknown) => unknown): Record<string, unknown> {
  return Object.fromEntries(Object.entries(array as object).map(([key, item]) => [key, convert(item)]));
}

function list(map: unknown): string[] {
  return Object.values(map as object).map(String);
}

/** Objects have lost the order of a PHP array's keys, and so lists made from them are compared without. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.every((item) => typeof item === 'string') ? value.toSorted() : value.map(sorted);
  }
  return value !== null && typeof value === 'object' ? byKey(value, sorted) : value;
}

function given(options: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== null && value !== undefined),
  );
}
