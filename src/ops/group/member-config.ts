import { hostname } from 'node:os';
import { isDeepStrictEqual } from 'node:util';
import { parseListenUrl } from '../../config/listen-url.js';
import type { NodeConfig } from '../../config/schema.js';
import { GatewayError } from '../../base/errors.js';

/** What each process of `start --nodes N` is told to be, from the one configuration of the group. */

const HIGHEST_PORT = 65_535;

/**
 * Whether a configuration can be run by so many nodes.
 *
 * @throws GW_CONFIG
 */
export function checkGroup({ gateway, worker, register, cluster }: NodeConfig, nodes: number): void {
  if (gateway === false && worker === false) {
    throw wrong(nodes, 'gateway and worker are both false; expected a role that nodes can share');
  }
  if (register === false && cluster.registerAddress.length === 0) {
    throw wrong(
      nodes,
      'register is false and cluster.registerAddress is empty; expected a Register, by which the nodes find each other: remove register: false',
    );
  }
  if (gateway !== false && gateway.lanPort + nodes - 1 > HIGHEST_PORT) {
    throw wrong(
      nodes,
      `gateway.lanPort is ${gateway.lanPort}; expected at most ${HIGHEST_PORT - nodes + 1}, since each node takes the next port`,
    );
  }
}

/** What the group's first process is made of, and what the others are known by. */
const FIXED = {
  name: (config) => config.name,
  stateDir: (config) => config.stateDir,
  register: (config) => config.register,
  cluster: (config) => config.cluster,
  admin: (config) => config.admin,
  'gateway.lanIp': ({ gateway }) => gateway !== false && gateway.lanIp,
  'gateway.lanPort': ({ gateway }) => gateway !== false && gateway.lanPort,
  'gateway.innerListen': ({ gateway }) => gateway !== false && gateway.innerListen,
} satisfies Record<string, (config: NodeConfig) => unknown>;

/**
 * Whether members of a group that runs may be started with another configuration.
 *
 * @throws GW_CONTROL
 */
export function checkSameGroup(running: NodeConfig, config: NodeConfig): void {
  for (const [key, of] of Object.entries(FIXED)) {
    if (isDeepStrictEqual(of(running), of(config))) continue;
    throw new GatewayError(
      'GW_CONTROL',
      `${key} in the configuration is not what the group was started with, and cannot change while it runs. Put it back, or restart without --rolling.`,
    );
  }
}

/** The configuration of the first process: the Register and nothing else; undefined when only others host one. */
export function registerConfig(config: NodeConfig): NodeConfig | undefined {
  return config.register === false ? undefined : { ...config, gateway: false, worker: false };
}

/** A node of its own has the name of its inner port, which here are several. */
export function groupName({ name, gateway }: NodeConfig): string {
  if (name !== '') return name;
  return `${hostname()}:${(gateway === false ? 0 : gateway.lanPort) || process.pid}`;
}

/** @param registers `host:port` of each Register that the member is to join */
export function memberConfig(config: NodeConfig, member: number, registers: readonly string[]): NodeConfig {
  const { gateway, cluster } = config;
  return {
    ...config,
    name: `${groupName(config)}#${member}`,
    gateway: gateway !== false && {
      ...gateway,
      lanPort: gateway.lanPort === 0 ? 0 : gateway.lanPort + member,
      // all datagrams of a peer have to reach the same process, so one process has the port to itself
      listen: gateway.listen.filter(({ url }) => member === 0 || parseListenUrl(url).transport !== 'udp'),
    },
    register: false,
    // the group's first process speaks for all
    admin: false,
    cluster: { ...cluster, registerAddress: registers },
  };
}

function wrong(nodes: number, why: string): GatewayError {
  return new GatewayError('GW_CONFIG', `--nodes ${nodes} does not go with this configuration: ${why}.`);
}
