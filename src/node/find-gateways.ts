import { GatewayError } from '../base/errors.js';
import type { Logger } from '../base/log.js';
import { gatewaysAt } from '../client/discovery.js';
import { splitAddress } from '../net/inner-socket.js';
import type { Pool } from '../pool/pool.js';
import type { Membership } from '../register/membership.js';
import type { GatewayAddress } from '../wire/client-id.js';

/** Milliseconds that a starting node waits for its Registers, and then for the gateways they name, so that onWorkerStart can ask them. */
const JOIN_TIMEOUT = 2000;

/**
 * From now on the pool knows the gateways that the Registers name. Resolves when it has reached those that there are, or
 * soon after.
 *
 * @param own the node's own gateway, which its workers reach without the network
 * @throws GW_CLUSTER when a gateway refuses this node
 */
export async function findGateways(
  membership: Membership,
  pool: Pool,
  own: GatewayAddress | undefined,
  log: Logger,
): Promise<void> {
  membership.watch((addresses) => {
    const gateways = addresses.flatMap((address) => parseAddress(address, log));
    pool.setGateways(gateways.filter(({ ip, port }) => ip !== own?.ip || port !== own.port));
  });
  await membership.settled(JOIN_TIMEOUT);
  // with patience of its own: a Register that was slow to answer is no reason to leave out the gateways it named
  await pool.connected(JOIN_TIMEOUT);
  const refusal = pool.gateways().find(({ state }) => state === 'refused')?.lastError;
  if (refusal) throw new GatewayError('GW_CLUSTER', refusal);
}

/** A gateway as a Register names it. Client ids hold IPv4 addresses, so that one with a name could not be addressed. */
function parseAddress(address: string, log: Logger): readonly GatewayAddress[] {
  const found = gatewaysAt(address);
  if (found.length === 0) {
    log.warn(`a Register names the gateway ${address}, which is no IPv4 address: it is passed over`);
  }
  return found;
}

/**
 * A Register that its own node does not ask is one that others may find empty.
 *
 * @param own `host:port` of the one that this node hosts
 */
export function warnOfUnusedRegister(
  own: string | undefined,
  registers: readonly string[],
  log: Logger,
): void {
  if (own === undefined) return;
  const { port } = splitAddress(own);
  if (registers.some((address) => splitAddress(address).port === port)) return;
  log.warn(
    { register: own, registers },
    `this node hosts a Register at ${own}, which cluster.registerAddress does not name: nobody of this cluster announces anything there. Add it to the list of every node, or set register to false`,
  );
}
