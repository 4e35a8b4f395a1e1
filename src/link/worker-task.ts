import type { MessagePort } from 'node:worker_threads';
import type { GatewayAddress } from '../wire/client-id.js';
import type { Takeover, ThreadMemory } from './ring-memory.js';

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
  /** Milliseconds after which a pending handler no longer holds back its client's next event; 0: never. */
  readonly processTimeout: number;
}

/*
 * What a slot and a thread say to each other besides frames, over a MessagePort:
 *
 *   slot                                   thread
 *        <-- ready, or failed ------------      code loaded, onWorkerStart done
 *        --- serve ----------------------->     takes events
 *        --- retire ---------------------->     takes no more
 *        <-- retired (pending clients) ----     every handler that is done has sent what it had to send
 *        <-- released (client) ------------     one of the pending handlers is done, too
 *        --- release (client) ------------->    to the thread that came after it: go on with this client
 *        --- stop ------------------------->    no events follow: finish and end; after retire: within less time
 */

/** From the thread to its slot. */
export type ThreadMessage =
  | { readonly kind: 'ready' }
  /** The thread cannot serve, and ends: its code cannot be loaded, or onWorkerStart failed. */
  | { readonly kind: 'failed'; readonly code: string; readonly message: string }
  | { readonly kind: 'retired'; readonly pending: readonly number[] }
  | { readonly kind: 'released'; readonly connectionId: number }
  /** A line for the log, as JSON. */
  | { readonly kind: 'log'; readonly line: string };

/** From the slot to its thread. */
export type SlotMessage =
  /** @property pending clients that a thread before this one is still busy with */
  | { readonly kind: 'serve'; readonly takeover: Takeover; readonly pending: readonly number[] }
  | { readonly kind: 'release'; readonly connectionId: number }
  /** Finish what was begun within so many milliseconds, and end. */
  | { readonly kind: 'retire'; readonly timeout: number }
  | { readonly kind: 'stop'; readonly timeout: number };
