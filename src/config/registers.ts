import type { NodeConfig } from './schema.js';

/**
 * Where a node finds the others: the Registers that its configuration names, else its own; nowhere, when it stays alone.
 *
 * @param own `host:port` that its own Register listens on
 */
export function registersOf({ cluster }: NodeConfig, own: string | undefined): readonly string[] {
  if (cluster.registerAddress.length > 0 || own === undefined) return cluster.registerAddress;
  return [own.replace(/^0\.0\.0\.0:/, '127.0.0.1:')];
}
