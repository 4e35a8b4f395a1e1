import type { MessagePort } from 'node:worker_threads';
import { type Clock, withinTime } from '../base/clock.js';
import { messageOf, stackOf } from '../base/error-text.js';
import type { Logger } from '../base/log.js';
import type { ThreadLink } from '../link/thread-link.js';
import type { ThreadMessage } from '../link/thread-protocol.js';
import type { BusinessWorker } from './business-worker.js';
import type { Events, WorkerInfo } from './events.js';
import type { HandOverOrder } from './orders.js';
import { uncloneableIn } from './uncloneable.js';

/** Characters. */
const LONGEST_REASON = 80;

export interface StateTransferOptions {
  readonly worker: BusinessWorker;
  readonly events: Events;
  readonly info: WorkerInfo;
  readonly link: ThreadLink;
  readonly clock: Clock;
  readonly log: Logger;
  /** Milliseconds that events wait for a hook which the reload no longer waits for; 0: as long as it takes. */
  readonly processTimeout: number;
  readonly post: (message: ThreadMessage) => void;
}

/**
 * A thread's half of the way of a state: from onHandOver of one to onTakeOver of the next, straight from thread to thread.
 * Whatever goes wrong, the first has its state still, and goes on with it.
 */
export class StateTransfer {
  readonly #options: StateTransferOptions;
  /** The hook that is pending, or about to be called; undefined while nobody takes over. */
  #hook: 'onHandOver' | 'onTakeOver' | undefined;
  /** Whether the last order to hand over has been answered. */
  #answered = true;
  #onGoOn: (() => void) | undefined;

  constructor(options: StateTransferOptions) {
    this.#options = options;
  }

  /** The thread that comes next is to have the state. Answered once. No event begins until it is told to {@link goOn}. */
  handOver(order: HandOverOrder): void {
    this.#answered = false;
    if (this.#hook !== undefined) {
      this.#answer({
        kind: 'kept',
        message: `${this.#hook}, which an earlier reload has called, is still pending; it is given up after worker.processTimeout.`,
      });
      order.port.close();
      return;
    }
    this.#hook = 'onHandOver';
    const refused = new Promise<void>((resolve) => (this.#onGoOn = resolve));
    void this.#handOver(order, refused).finally(() => (this.#hook = undefined));
  }

  /** Nobody takes over: the state is this thread's as before. */
  goOn(): void {
    // whoever had asked has not waited any longer
    this.#answer({ kind: 'kept', message: 'its time was over' });
    this.#onGoOn?.();
  }

  /** The thread before this one has put its state into the channel. Answered once. */
  async takeOver(port: MessagePort): Promise<void> {
    const { events, info, post } = this.#options;
    try {
      await events.onTakeOver?.(info, await receive(port));
      post({ kind: 'tookOver' });
    } catch (error) {
      post({ kind: 'kept', message: `onTakeOver failed:\n${stackOf(error)}` });
    } finally {
      port.close();
    }
  }

  async #handOver({ port, timeout }: HandOverOrder, refused: Promise<void>): Promise<void> {
    const { worker, clock, events, info, log } = this.#options;
    let isRefused = false;
    void refused.then(() => (isRefused = true));
    await withinTime(clock, timeout / 2, Promise.race([worker.hold(), refused]));
    const state = isRefused ? undefined : this.#give(port, () => !isRefused);
    await refused;
    // a hook that is late holds back all clients: no longer than a handler may hold back one
    const given = await this.#atMost('onHandOver', state);
    try {
      this.#hook = 'onTakeOver';
      if (given !== undefined) await this.#atMost('onTakeOver', events.onTakeOver?.(info, given));
    } catch (error) {
      log.error({ err: error }, `onTakeOver failed: ${messageOf(error)}`);
    }
    port.close();
    worker.goOn();
  }

  /**
   * @param isWanted whether somebody waits for it: what comes later is of no reload that is under way
   * @returns the state; undefined when there is none
   */
  async #give(port: MessagePort, isWanted: () => boolean): Promise<unknown> {
    const { events, info, link } = this.#options;
    let state: unknown;
    try {
      state = await events.onHandOver?.(info);
    } catch (error) {
      if (isWanted()) this.#keep(`onHandOver failed:\n${stackOf(error)}`);
      return undefined;
    }
    if (!isWanted()) return state;
    try {
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a MessagePort, not a window
      if (state !== undefined) port.postMessage(state);
    } catch (error) {
      this.#keep(
        `what onHandOver returned cannot be cloned: ${uncloneableIn(state, 'state')} (${shortened(messageOf(error))}). Expected plain values, arrays, plain objects, Maps, Sets, Dates and bytes, without functions, timers and sockets.`,
      );
      return state;
    }
    // what the last of the old code sent comes before what the new code sends
    await link.settled();
    if (isWanted()) this.#answer({ kind: 'handedOver', given: state !== undefined });
    return state;
  }

  #keep(message: string): void {
    this.#answer({ kind: 'kept', message });
  }

  /** Each order is answered once, in the order in which they come. */
  #answer(message: ThreadMessage): void {
    if (this.#answered) return;
    this.#answered = true;
    this.#options.post(message);
  }

  /** What a hook has returned; undefined when it is late. */
  async #atMost(name: string, result: unknown): Promise<unknown> {
    const { clock, processTimeout, log } = this.#options;
    if (processTimeout === 0) return await result;
    let late = true;
    const inTime = (): boolean => (late = false);
    await withinTime(clock, processTimeout, Promise.resolve(result).then(inTime, inTime));
    if (!late) return await result;
    log.error(
      { seconds: processTimeout / 1000 },
      `${name} has been pending for ${processTimeout / 1000} s, longer than processTimeout; the worker's events go on without it`,
    );
    return undefined;
  }
}

/** V8 quotes a function with all its lines. */
function shortened(message: string): string {
  const line = message.replaceAll(/\s+/g, ' ');
  return line.length > LONGEST_REASON ? `${line.slice(0, LONGEST_REASON)}…` : line;
}

/** What the other thread has put into the channel. */
async function receive(port: MessagePort): Promise<unknown> {
  return await new Promise((resolve, reject) => {
    port.once('message', resolve);
    port.once('messageerror', reject);
  });
}
