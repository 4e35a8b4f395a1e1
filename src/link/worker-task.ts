import type { MessagePort } from 'node:worker_threads';
import type { GatewayAddress } from '../wire/client-id.js';
import type { ThreadMemory } from './ring-memory.js';

/** What a worker thread is started with. Structured-cloned; the port is transferred. */
export interface WorkerTask {
  readonly memory: ThreadMemory;
  readonly port: MessagePort;
  /** The bundle of events/, as a URL to import. */
  readonly bundle: string;
  /** The events folder, for messages. */
  readonly eventsFolder: string;
  /** The slot's number, and how many there are. */
  readonly slot: number;
  readonly count: number;
  readonly node: string;
  readonly gateways: readonly GatewayAddress[];
  readonly logLevel: string;
}

/** From the thread to its slot. */
export type ThreadMessage =
  | { readonly kind: 'ready' }
  /** The thread cannot serve, and ends: its code cannot be loaded, or onWorkerStart failed. */
  | { readonly kind: 'failed'; readonly code: string; readonly message: string }
  /** A line for the log, as JSON. */
  | { readonly kind: 'log'; readonly line: string };

/** From the slot to its thread. */
export type SlotMessage =
  /** Take events from now on. */
  | { readonly kind: 'serve' }
  /** Finish what was begun within so many milliseconds, and end. */
  | { readonly kind: 'stop'; readonly timeout: number };
