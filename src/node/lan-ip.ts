import { lookup } from 'node:dns/promises';
import { isLoopback } from '../config/cluster-rules.js';
import { GatewayError } from '../base/errors.js';
import { splitAddress } from '../net/inner-socket.js';

/**
 * The IPv4 address that `gateway.lanIp` is or means.
 *
 * @param registers where the node finds the others
 * @throws GW_CLUSTER when a name cannot be resolved, or resolves to what only this machine can reach
 */
export async function resolveLanIp(lanIp: string, registers: readonly string[]): Promise<string> {
  let address: string;
  try {
    ({ address } = await lookup(lanIp, { family: 4 }));
  } catch (cause) {
    throw new GatewayError(
      'GW_CLUSTER',
      `gateway.lanIp is ${lanIp}, which resolves to no IPv4 address (${(cause as NodeJS.ErrnoException).code}); give the address by which other nodes reach this one.`,
      { cause },
    );
  }
  // an address is checked with the configuration; a name may turn out to be one in /etc/hosts for this machine itself
  if (
    address !== lanIp &&
    isLoopback(address) &&
    !registers.every((name) => isLoopback(splitAddress(name).host))
  ) {
    throw new GatewayError(
      'GW_CLUSTER',
      `gateway.lanIp is ${lanIp}, which is ${address} here: no other machine reaches that. Give the address by which other nodes reach this one.`,
    );
  }
  return address;
}
