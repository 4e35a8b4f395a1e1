import type { ClusterCalls } from '../../client/cluster-calls.js';
import type { Call } from './call.js';
import { emitCalls } from './emit-calls.js';
import { identityCalls } from './identity-calls.js';
import { queryCalls } from './query-calls.js';
import { sendCalls } from './send-calls.js';

/** What the object of the API has beside the calls. */
type OwnMethod = 'attach' | 'detach' | 'clientState' | 'sendNamed' | 'connect' | 'close';

export type CallName = Exclude<keyof ClusterCalls, OwnMethod>;

/** Every call of the Gateway API, by name: the compiler sees that none is missing. */
export const calls: Readonly<Record<CallName, Call>> = {
  ...sendCalls,
  ...emitCalls,
  ...identityCalls,
  ...queryCalls,
};

export function isCallName(name: string): name is CallName {
  return Object.hasOwn(calls, name);
}
