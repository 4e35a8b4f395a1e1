import type { MessagePort } from 'node:worker_threads';
import type { PrintStream } from '../base/printed-text.js';
import type { SharedSeries } from '../metrics/thread-series.js';
import type { GatewayState } from './gateway-state.js';
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
  /** The gateways that are known when it starts. */
  readonly gateways: readonly GatewayState[];
  readonly logLevel: string;
  /** Milliseconds after which a pending handler no longer keeps its client's next event waiting; 0: never. */
  readonly processTimeout: number;
}

/** What a thread has to come through before it is ready, in this order. */
export type StartStep = 'load' | 'onWorkerStart';

/*
 * What a slot and a thread say to each other besides frames, over a MessagePort:
 *
 *   slot                                   thread
 *        <-- step ------------------------      begins to load the code, then to run onWorkerStart
 *        <-- ready, or failed ------------      code loaded, onWorkerStart done
        --- handOver -------------------->     begin no event, and give your state to the thread that comes next
        <-- handedOver, or kept ----------     it is in the channel between the two, or there is none
        --- takeOver -------------------->     to the thread that comes next: there is your state
        <-- tookOver, or kept ------------     onTakeOver done
        --- goOn ------------------------>     nobody takes over: to the one that has handed over
 *        --- serve ----------------------->     takes events
 *        --- retire ---------------------->     takes no more
 *        <-- retired (pending clients) ----     every handler that is done has sent what it had to send
 *        <-- released (client) ------------     one of the pending handlers is done, too
 *        <-- log, printed -----------------     lines for the node's log
 *        <-- series -----------------------     something that the application counts
 *        --- release (client) ------------->    to the thread that came after it: go on with this client
 *        --- gateways -------------------->     one came, went up or down, or has room again
 *        --- stop ------------------------->    no events follow: finish and end; after retire: within less time
 */

/** From the thread to its slot. */
export type ThreadMessage =
  | { readonly kind: 'step'; readonly step: StartStep }
  /**
   * @property handshakes whether its code has onHandshake, @property requests onRequest, @property handsOver onHandOver, @property takesOver onTakeOver
   */
  | {
      readonly kind: 'ready';
      readonly handshakes: boolean;
      readonly requests: boolean;
      readonly handsOver: boolean;
      readonly takesOver: boolean;
    }
  /** The thread cannot serve, and ends: its code cannot be loaded, or onWorkerStart failed. */
  | { readonly kind: 'failed'; readonly code: string; readonly message: string }
  /** @property given whether there is a state */
  | { readonly kind: 'handedOver'; readonly given: boolean }
  | { readonly kind: 'tookOver' }
  /** Its state stays, or comes not: the other thread keeps it. */
  | { readonly kind: 'kept'; readonly message: string }
  | { readonly kind: 'retired'; readonly pending: readonly string[] }
  | { readonly kind: 'released'; readonly clientId: string }
  /** Another metric of the application, or another label of one: what it counts lies in shared memory. */
  | { readonly kind: 'series'; readonly series: SharedSeries }
  /** A line for the log, as JSON. */
  | { readonly kind: 'log'; readonly line: string }
  /** What the user's code prints, in whatever pieces. */
  | { readonly kind: 'printed'; readonly stream: PrintStream; readonly text: string };

/** From the slot to its thread. */
export type SlotMessage =
  /** @property pending clients that a thread before this one is still busy with */
  | { readonly kind: 'serve'; readonly takeover: Takeover; readonly pending: readonly string[] }
  /** @property routes how often that thread has asked where the client's events go, and has no answer (AskedRoutes) */
  | { readonly kind: 'release'; readonly clientId: string; readonly routes: number }
  /** @property timeout milliseconds that all of it may take: half of that for handlers that are pending */
  | { readonly kind: 'handOver'; readonly port: MessagePort; readonly timeout: number }
  | { readonly kind: 'takeOver'; readonly port: MessagePort }
  | { readonly kind: 'goOn' }
  /** All that are known now. */
  | { readonly kind: 'gateways'; readonly gateways: readonly GatewayState[] }
  /** Finish what was begun within so many milliseconds, and end. */
  | { readonly kind: 'retire'; readonly timeout: number }
  | { readonly kind: 'stop'; readonly timeout: number };
