import { parseListenUrl } from '../config/listen-url.js';
import type { NodeConfig } from '../config/schema.js';
import { GatewayError } from '../errors.js';

/** What each process of `start --nodes N` is told to be, from the one configuration of the group. */

const HIGHEST_PORT = 65_535;

/** Whom nobody outside the group asks: where the configuration names no Register at all, the members still need one. */
const PRIVATE_REGISTER = { listen: '127.0.0.1:0' };

/**
 * Whether a configuration can be run by so many nodes.
 *
 * @throws GW_CONFIG
 */
export function checkGroup({ gateway, worker }: NodeConfig, nodes: number): void {
  if (gateway === false && worker === false) {
    throw wrong(nodes, 'gateway and worker are both false: expected one of the roles that nodes can share');
  }
  if (gateway !== false && gateway.lanPort + nodes - 1 > HIGHEST_PORT) {
    throw wrong(
      nodes,
      `gateway.lanPort is ${gateway.lanPort}, expected at most ${HIGHEST_PORT - nodes + 1}: each node takes the next port`,
    );
  }
}

/** The configuration of the first process: the Register of the group and nothing else; undefined when others host it. */
export function registerConfig(config: NodeConfig): NodeConfig | undefined {
  const { register, cluster } = config;
  const own = register === false && cluster.registerAddress.length === 0 ? PRIVATE_REGISTER : register;
  return own === false ? undefined : { ...config, gateway: false, worker: false, register: own };
}

/** @param registers `host:port` of every Register that the member is to join */
export function memberConfig(config: NodeConfig, member: number, registers: readonly string[]): NodeConfig {
  const { name, gateway, cluster } = config;
  return {
    ...config,
    name: `${name}#${member}`,
    gateway: gateway !== false && {
      ...gateway,
      lanPort: gateway.lanPort === 0 ? 0 : gateway.lanPort + member,
      // all datagrams of a peer have to reach the same process, so one process has the port to itself
      listen: gateway.listen.filter(({ url }) => member === 0 || parseListenUrl(url).transport !== 'udp'),
    },
    register: false,
    cluster: { ...cluster, registerAddress: registers },
  };
}

function wrong(nodes: number, why: string): GatewayError {
  return new GatewayError('GW_CONFIG', `--nodes ${nodes} does not go with this configuration: ${why}.`);
}
