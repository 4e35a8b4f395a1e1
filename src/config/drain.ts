import type { NodeConfig } from './schema.js';

/** Milliseconds that a stop takes for its clients, before any time-out of it begins. */
export function drainTimes({ gateway }: NodeConfig): { readonly delay: number; readonly spread: number } {
  if (gateway === false) return { delay: 0, spread: 0 };
  return { delay: gateway.drainDelay * 1000, spread: gateway.drainTime * 1000 };
}
