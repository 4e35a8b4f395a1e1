import { GatewayError } from '../base/errors.js';

/**
 * Levels of objects and arrays that a session may have: as PHP's json_decode takes. A gateway and its workers make text of
 * sessions and merge them call by call, and the stack of a main thread is the smaller one: what a worker could store there
 * would be too deep to be sent on.
 */
export const DEEPEST = 512;

/**
 * @param what `A session`, or a part of one, for the error
 * @param length characters of its JSON: what is short is not deep, and is not looked at
 * @throws GW_SESSION when it has more than 512 levels
 */
export function refuseDeep(what: string, value: unknown, length: number): void {
  if (length <= 2 * DEEPEST || !isDeeper(value, DEEPEST)) return;
  throw new GatewayError(
    'GW_SESSION',
    `${what} has objects or arrays within each other to more than ${DEEPEST} levels; keep values in it that are not as deep.`,
  );
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((item) => isDeeper(item, levels - 1));
}
