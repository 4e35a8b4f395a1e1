import { formatAddress } from '../wire/client-id.js';
import type { CellCounts, Cells } from './cells.js';

/** How this node and other cells reach each other, for its status. */
export interface BackboneStatus {
  readonly cell: string;
  readonly state: 'connected' | 'down';
  /** Seconds. */
  readonly since: number;
  readonly server: string | null;
  readonly lastError: string | null;
  /** Another gateway has the address of this node's: its clients cannot be reached from here, nor those here from there. */
  readonly conflict: string | null;
  readonly bufferedBytes: number;
  /** Frames. */
  readonly published: number;
  readonly unsent: number;
  readonly followed: number;
  readonly cells: readonly CellStatus[];
}

interface CellStatus extends CellCounts {
  readonly name: string;
  readonly gateways: readonly CellGateway[];
}

interface CellGateway {
  readonly address: string;
  readonly node: string;
  readonly state: 'up' | 'down';
}

/** @param nodes of whatever cell: those of `own` are left out */
export function cellStatuses(nodes: Cells, own: string): CellStatus[] {
  const cells = new Map<string, Writable<CellStatus> & { gateways: CellGateway[] }>();
  for (const [name, counts] of nodes.past)
    if (name !== own) cells.set(name, { name, gateways: [], ...counts });
  for (const node of nodes) {
    const { cell, name, gateway, up, received, numbers } = node;
    if (cell === own) continue;
    let status = cells.get(cell);
    if (status === undefined) {
      status = { name: cell, gateways: [], received: 0, lost: 0, doubled: 0 };
      cells.set(cell, status);
    }
    status.received += received;
    status.lost += numbers.lost;
    status.doubled += numbers.doubled;
    // one that has come again is another node, with the same address
    if (gateway !== undefined && nodes.at(gateway.ip, gateway.port) === node)
      status.gateways.push({ address: formatAddress(gateway), node: name, state: up ? 'up' : 'down' });
  }
  return [...cells.values()];
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };
