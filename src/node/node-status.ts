import { loadavg } from 'node:os';
import { systemClock } from '../base/clock.js';
import type { Backbone } from '../backbone/backbone.js';
import { Counters } from '../gateway/counters.js';
import type { Gateway } from '../gateway/gateway.js';
import { addCounts } from '../ops/requests/group-cluster.js';
import type { NodeStatus } from '../ops/requests/status.js';
import type { Pool } from '../pool/pool.js';
import type { Membership } from '../register/membership.js';
import type { RegisterServer } from '../register/register-server.js';

/** A node's parts, as far as it has them. */
interface NodeParts {
  readonly name: string;
  readonly version: string;
  /** Milliseconds on the system clock. */
  readonly startedAt: number;
  readonly roles: readonly string[];
  readonly gateway: Gateway | undefined;
  readonly pool: Pool | undefined;
  readonly register: RegisterServer | undefined;
  readonly membership: Membership | undefined;
  readonly backbone: Backbone | undefined;
  readonly log: NodeStatus['log'];
}

/** What a node tells of itself. */
export function nodeStatus({
  gateway,
  pool,
  register,
  membership,
  backbone,
  ...node
}: NodeParts): NodeStatus {
  const { rss, heapUsed, external } = process.memoryUsage();
  const peers = gateway?.peers ?? [];
  const { refusals, innerRefusals, ...counters } = gateway?.counters ?? new Counters();
  return {
    name: node.name,
    version: node.version,
    nodejs: process.version,
    pid: process.pid,
    uptime: (systemClock.now() - node.startedAt) / 1000,
    load: loadavg(),
    memory: { rss, heapUsed, external },
    roles: node.roles,
    listeners: (gateway?.listenerContexts ?? []).map(({ url, connections, tls }) => ({
      url,
      connections,
      certificate: tls === undefined ? null : { validTo: tls.certificates.validTo.toISOString() },
    })),
    connections: gateway?.directory.size ?? 0,
    counters: { ...counters, refusals: Object.fromEntries(refusals) },
    reloads: pool?.reloads ?? 0,
    log: node.log,
    workers: (pool?.status() ?? []).map(({ name, ...slot }) => ({
      ...slot,
      clients: peers.find((peer) => peer.local && peer.name === name)?.clients ?? 0,
    })),
    cluster: {
      register: register && {
        address: register.address,
        gateways: register.gateways,
        workers: register.workers,
      },
      registers: membership?.status() ?? [],
      gateways: pool?.gateways() ?? [],
      ...(backbone === undefined ? {} : { backbone: backbone.status }),
      workers: peers.filter((peer) => !peer.local),
      refusals: addCounts(Object.fromEntries(innerRefusals), Object.fromEntries(register?.refusals ?? [])),
    },
  };
}
