import type { NodeConfig } from './schema.js';

/** The roles that a node plays: `gateway`, `worker`, `register`. */
export function rolesOf({ gateway, worker, register }: NodeConfig): readonly string[] {
  return Object.entries({ gateway, worker, register }).flatMap(([role, settings]) =>
    settings === false ? [] : [role],
  );
}
