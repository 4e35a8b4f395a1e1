import type { LiveSample } from '../../ops/requests/live.js';

/** A way between two nodes, both directions together. */
export interface NodeLink {
  /** Names of nodes; of one that has none, its address. */
  readonly from: string;
  readonly to: string;
  readonly up: boolean;
  readonly state: string;
  /** Bytes that wait on it. */
  readonly waiting: number;
}

/** The links of all nodes, to each other and to those outside of the group. */
export function linksOf({ nodes }: LiveSample): NodeLink[] {
  const links = new Map<string, NodeLink>();
  const add = (link: NodeLink): void => {
    const key = JSON.stringify([link.from, link.to].toSorted());
    const other = links.get(key);
    const worse = other === undefined || other.up ? link : other;
    links.set(key, { ...worse, waiting: link.waiting + (other?.waiting ?? 0) });
  };
  for (const { name, now } of nodes) {
    const { gateways = [], workers = [] } = now?.status.cluster ?? {};
    for (const { node, address, state, bufferedBytes } of gateways)
      add({ from: name, to: node || address, up: state === 'up', state, waiting: bufferedBytes });
    for (const worker of workers) {
      // a worker's name is its node's, and the slot
      const to = worker.legacy ? worker.address : worker.name.slice(0, worker.name.lastIndexOf(':'));
      add({ from: name, to, up: true, state: worker.state, waiting: worker.bufferedBytes });
    }
  }
  return [...links.values()];
}
