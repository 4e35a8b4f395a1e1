import type { NodeConfig } from './schema.js';

/** What a node is to be, as the status and the log name it. */
export function rolesOf({ gateway, worker, register }: NodeConfig): readonly string[] {
  return Object.entries({ gateway, worker, register }).flatMap(([role, of]) => (of === false ? [] : [role]));
}
