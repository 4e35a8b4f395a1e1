import type { UserConfig } from '#src/config/user-config.js';
import { NamespaceDoor } from './namespace-door.js';
import { NamespaceNetwork, type NamespaceHost, type NamespaceSupport } from './namespace-hosts.js';
import { NodeProcess } from './node.js';

/** Seconds between two pings on inner links. */
const PING_INTERVAL = 0.5;
const CLIENT_PORT = 8282;
const INNER_PORT = 2900;
const REGISTER_PORT = 1236;

/** The roles that a host's node plays, with what is to be set for them. All but the Register unless said otherwise. */
export interface HostRoles {
  readonly gateway?: UserConfig['gateway'];
  readonly worker?: UserConfig['worker'];
  /** Every node's Register list names those that have one. */
  readonly register?: boolean;
  /** Whether the test starts it itself. */
  readonly late?: boolean;
}

/** What tests in namespaces are skipped for; in CI they never are, and fail. */
export function reasonToSkip({ forbidden }: NamespaceSupport): string | false {
  if (forbidden === undefined || process.env.CI === 'true') return false;
  return forbidden;
}

/** A cluster whose nodes are each on a host of their own: on host 0 the address 10.203.0.1, and so on. */
export class NamespaceCluster {
  readonly hosts: readonly NamespaceHost[];
  /** By host. */
  readonly nodes: NodeProcess[] = [];
  readonly #network: NamespaceNetwork;
  readonly #events: string;
  readonly #roles: readonly HostRoles[];
  readonly #doors: (NamespaceDoor | undefined)[] = [];
  /** Every process there was, in the order of their starts. */
  readonly #started: NodeProcess[] = [];

  /** @param events a folder of test/fixtures/events */
  static async start(events: string, roles: readonly HostRoles[]): Promise<NamespaceCluster> {
    const cluster = new NamespaceCluster(events, roles);
    try {
      await Promise.all(
        roles.map(async ({ gateway }, index) => {
          if (gateway !== false)
            cluster.#doors[index] = await NamespaceDoor.open(cluster.hosts[index], CLIENT_PORT);
        }),
      );
      await Promise.all(
        roles.map(async ({ late }, index) => {
          if (!late) await cluster.startNode(index);
        }),
      );
    } catch (error) {
      await cluster.stop();
      throw error;
    }
    return cluster;
  }

  private constructor(events: string, roles: readonly HostRoles[]) {
    this.#events = events;
    this.#roles = roles;
    this.#network = new NamespaceNetwork(roles.length);
    this.hosts = this.#network.hosts;
  }

  /** Starts the host's node, for the first time or again. */
  async startNode(index: number): Promise<void> {
    const { gateway, worker, register = false } = this.#roles[index];
    const { address, launcher } = this.hosts[index];
    const node = await NodeProcess.start({
      events: this.#events,
      name: `node-${index}`,
      launcher,
      gateway: gateway !== false && {
        listen: [{ url: `ws://${address}:${CLIENT_PORT}` }],
        lanIp: address,
        lanPort: INNER_PORT,
        ...gateway,
      },
      worker,
      register: register && { listen: `${address}:${REGISTER_PORT}` },
      cluster: {
        registerAddress: this.hosts
          .filter((_, host) => this.#roles[host].register)
          .map((host) => `${host.address}:${REGISTER_PORT}`),
        secretKey: 'between us',
        pingInterval: PING_INTERVAL,
      },
    });
    this.#started.push(node);
    this.nodes[index] = node;
  }

  /** Where clients of this host's gateway connect to. */
  url(index: number): string {
    const door = this.#doors[index];
    if (door === undefined) throw new Error(`Host ${index} has no gateway.`);
    return door.url;
  }

  /** The inner address of this host's gateway, as queries name it. */
  innerAddress(index: number): string {
    return `${this.hosts[index].address}:${INNER_PORT}`;
  }

  async stop(): Promise<void> {
    const stops = await Promise.allSettled(this.#started.map(async (node) => await node.stop()));
    await Promise.all(this.#doors.map(async (door) => await door?.close()));
    this.#network.remove();
    for (const stop of stops) if (stop.status === 'rejected') throw stop.reason;
  }
}
