import { GatewayError } from '../errors.js';

/** A command that the node would carry out at another time. */
export function notNow(why: string): GatewayError {
  return new GatewayError('GW_CONTROL', `${why}: expected one that is up. Try again in a moment.`);
}
