import { SlotLink } from '#src/link/slot-link.js';
import type { ThreadMemory } from '#src/link/ring-memory.js';
import { Doorbell } from '#src/ring/doorbell.js';

/** The memory of a thread whose slot has no more than that. */
export function memoryOfThread(): ThreadMemory {
  const link = new SlotLink({
    name: 'slot',
    doorbell: new Doorbell(),
    eventBufferSize: 65_536,
    commandBufferSize: 65_536,
    onError() {},
  });
  return link.attach();
}

/** What a thread is started with, besides its memory, its port and its code. */
export const TASK = {
  eventsFolder: 'events',
  slot: 0,
  count: 1,
  node: 'node',
  gateways: [],
  logLevel: 'info',
  processTimeout: 0,
} as const;
