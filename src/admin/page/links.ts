import type { LiveSample } from '../../ops/requests/live.js';
import { shown } from './shown.js';

/** A way between two nodes, both directions together. */
export interface NodeLink {
  /** Names of nodes; of one that has none, its address. */
  readonly from: string;
  readonly to: string;
  /** Where `to` is reached. */
  readonly address: string;
  /** Whether that is a peer in PHP. */
  readonly legacy: boolean;
  readonly up: boolean;
  readonly state: string;
  /** Bytes that wait on it. */
  readonly waiting: number;
}

/** What is at the other end of a link, and where that is not its name, its address. */
export function addressed(name: string, address = name): string {
  return address === name ? shown(name) : `${shown(name)} (${shown(address)})`;
}

/** The links of all nodes, to each other and to those outside of the group. */
export function linksOf({ nodes }: LiveSample): NodeLink[] {
  const links = new Map<string, NodeLink>();
  const add = (link: NodeLink): void => {
    const key = JSON.stringify([link.from, link.to].toSorted());
    const other = links.get(key);
    const worse = other === undefined || other.up ? link : other;
    // that of its gateway, which a node listens on, comes before that of its workers
    const { address } = other?.to === worse.to ? other : worse;
    links.set(key, { ...worse, address, waiting: link.waiting + (other?.waiting ?? 0) });
  };
  for (const { name, now } of nodes) {
    const { gateways = [], workers = [] } = now?.status.cluster ?? {};
    for (const { node, address, legacy, state, bufferedBytes } of gateways)
      add({
        from: name,
        to: node || address,
        address,
        legacy,
        up: state === 'up',
        state,
        waiting: bufferedBytes,
      });
    for (const worker of workers) {
      // a worker's name is its node's, and the slot
      const { address, legacy, state } = worker;
      const to = legacy ? address : worker.name.slice(0, worker.name.lastIndexOf(':'));
      add({ from: name, to, address, legacy, up: true, state, waiting: worker.bufferedBytes });
    }
  }
  return [...links.values()];
}
