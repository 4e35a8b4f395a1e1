import type { CellStatus } from '../ops/requests/status.js';
import { formatAddress } from '../wire/client-id.js';
import type { CellCounts, Cells } from './cells.js';

/** @param nodes of whatever cell: those of `own` are left out */
export function cellStatuses(nodes: Cells, own: string): CellStatus[] {
  const cells = new Map<string, Writable<CellStatus> & { gateways: CellGateway[] }>();
  const add = (cell: string, { received, lost, doubled }: CellCounts): CellGateway[] => {
    const status = cells.get(cell) ?? { name: cell, gateways: [], received: 0, lost: 0, doubled: 0 };
    status.received += received;
    status.lost += lost;
    status.doubled += doubled;
    cells.set(cell, status);
    return status.gateways;
  };
  for (const node of nodes) {
    const { cell, name, gateway, up, received, numbers } = node;
    if (cell === own) continue;
    const gateways = add(cell, { received, lost: numbers.lost, doubled: numbers.doubled });
    // one that has come again is another node, with the same address
    if (gateway !== undefined && nodes.at(gateway.ip, gateway.port) === node)
      gateways.push({ address: formatAddress(gateway), node: name, state: up ? 'up' : 'down' });
  }
  for (const [cell, counts] of nodes.past) if (cell !== own) add(cell, counts);
  return [...cells.values()];
}

type CellGateway = CellStatus['gateways'][number];
type Writable<T> = { -readonly [Key in keyof T]: T[Key] };
