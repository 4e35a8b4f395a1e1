import { MessageChannel, type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import type { Clock } from '../base/clock.js';
import { messageOf, sentence } from '../base/error-text.js';
import { type ErrorCode, GatewayError } from '../base/errors.js';
import type { Logger } from '../base/log.js';
import { PrintedLines } from '../base/printed-text.js';
import { ThreadGauge } from '../ring/thread-gauge.js';
import { eventName } from '../wire/command.js';
import { clientOf, textOf } from './running-event.js';
import { stackOf } from './stuck-stack.js';
import { ThreadStart } from './thread-start.js';
import { Watchdog } from './watchdog.js';
import type { Takeover, ThreadMemory } from '../link/ring-memory.js';
import type { SharedSeries } from '../metrics/thread-series.js';
import type { GatewayState } from '../link/gateway-state.js';
import type { SlotMessage, ThreadMessage, WorkerTask } from '../link/thread-protocol.js';
import type { CompiledEvents } from '../bundle/events-bundle.js';
import type { StartThread, Thread } from './thread.js';

/** Milliseconds that a thread gets beyond its timeouts before it is ended by force: to answer at all. */
export const GRACE = 1000;

export interface GenerationOptions {
  readonly startThread: StartThread;
  readonly memory: ThreadMemory;
  readonly bundle: CompiledEvents;
  readonly task: Omit<WorkerTask, 'memory' | 'port' | 'bundle'>;
  /** Milliseconds until a thread that is not ready is given up. */
  readonly startTimeout: number;
  readonly clock: Clock;
  readonly log: Logger;
  /** Writes a line that the thread logged. */
  readonly writeLine: (line: string) => void;
  /** A handler that was pending when the thread retired is done. */
  readonly onReleased: (clientId: string) => void;
}

/** What it says when it was to hand over its state, or to take one over. */
type StateAnswer = Extract<ThreadMessage, { kind: 'handedOver' | 'tookOver' | 'kept' }>;

/** One thread in the life of a slot, from its start to its end. */
export class Generation {
  readonly number: number;
  readonly bundle: CompiledEvents;
  /**
   * Resolves once onWorkerStart is done. Rejects with GW_EVENTS_INVALID, GW_EVENTS_START, GW_START_TIMEOUT or
   * GW_WORKER_DIED. It settles within startTimeout, whatever the thread does.
   */
  readonly ready: Promise<void>;
  /** Resolves when the thread is gone: with an error, unless it ended in good order. */
  readonly ended: Promise<Error | undefined>;
  /** What it shows of itself. */
  readonly gauge: ThreadGauge;
  /** What its code counts. */
  readonly series: SharedSeries[] = [];
  /** Why it was ended by force: it stood still. */
  stuck: string | undefined;
  /** Whether it was told to leave the slot's events to another thread. */
  retiring = false;
  /** Whether its code has onHandOver, and onTakeOver. */
  handsOver = false;
  takesOver = false;
  /** Why it can serve no more: it is gone. */
  died: GatewayError | undefined;
  /** Whether its code has an onHandshake: known once it is ready. */
  handshakes = false;
  /** And an onRequest. */
  requests = false;
  readonly #options: GenerationOptions;
  readonly #port: MessagePort;
  readonly #thread: Thread;
  readonly #start: ThreadStart;
  /** Why it was ended by force. */
  #abortedFor: string | undefined;
  readonly #watchdog: Watchdog | undefined;
  readonly #printed: PrintedLines;
  #onRetired: ((pending: readonly string[]) => void) | undefined;
  /** Who waits for an answer about its state, in the order in which that was asked. */
  readonly #onTransferred: ((answer: StateAnswer | undefined) => void)[] = [];

  constructor(options: GenerationOptions) {
    this.#options = options;
    this.number = options.memory.number;
    this.bundle = options.bundle;
    this.gauge = new ThreadGauge(options.memory.gauge);
    const { processTimeout } = options.task;
    if (processTimeout > 0) {
      this.#watchdog = new Watchdog(
        options.clock,
        processTimeout,
        () => this.gauge.beats,
        (milliseconds) => void this.#endStuck(milliseconds),
      );
    }
    const { clock, writeLine } = options;
    this.#printed = new PrintedLines({ clock, writeLine, fields: { worker: options.task.slot } });
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    this.#port.on('message', (message: ThreadMessage) => this.#receive(message));
    // what keeps the process alive is the thread
    this.#port.unref();
    const { memory, bundle, task } = options;
    const data: WorkerTask = { ...task, memory, port: port2, bundle: bundle.url };
    this.#thread = options.startThread(data);
    this.ended = this.#thread.ended.then((error) => this.#end(error));
    const { startTimeout, log } = options;
    const onGivenUp = (): void => this.abort();
    this.#start = new ThreadStart({ slot: task.slot, startTimeout, clock, log, onGivenUp });
    this.ready = this.#start.ready;
  }

  /** Gives it the slot's events. @param pending clients that threads before it are still busy with */
  serve(takeover: Takeover, pending: readonly string[]): void {
    this.#post({ kind: 'serve', takeover, pending });
  }

  /** A thread before it is done with this client. @param routes as SlotLink.tellRoutes */
  release(clientId: string, routes: number): void {
    this.#post({ kind: 'release', clientId, routes });
  }

  /**
   * Has it put its state into the channel. No event begins in it until it is told to {@link goOn}.
   *
   * @param timeout milliseconds that the whole way of the state may take
   * @returns whether there is a state; not when it dies first
   * @throws GW_HANDOVER
   */
  async handOver(port: MessagePort, timeout: number): Promise<boolean> {
    const answer = await this.#transfer({ kind: 'handOver', port, timeout });
    return answer?.kind === 'handedOver' && answer.given;
  }

  /** Has it take its state out of the channel. @throws GW_HANDOVER, GW_WORKER_DIED */
  async takeOver(port: MessagePort): Promise<void> {
    const answer = await this.#transfer({ kind: 'takeOver', port });
    if (answer === undefined && this.died !== undefined) throw this.died;
  }

  /** After {@link handOver}: nobody takes over. */
  goOn(): void {
    this.#post({ kind: 'goOn' });
  }

  /** The gateways that there are, and how they are. */
  showGateways(gateways: readonly GatewayState[]): void {
    this.#post({ kind: 'gateways', gateways });
  }

  /**
   * Takes the slot's events from it; it ends when its pending handlers are done, or the timeout (milliseconds) is over.
   *
   * @returns the clients that it is still busy with; none when it dies first
   */
  async retire(timeout: number): Promise<readonly string[]> {
    const retired = new Promise<readonly string[]>((resolve) => (this.#onRetired = resolve));
    this.retiring = true;
    this.#post({ kind: 'retire', timeout });
    return await Promise.race([retired, this.ended.then(() => [])]);
  }

  /** No events follow: it ends when its handlers are done, or the timeout (milliseconds) is over. */
  stop(timeout: number): void {
    this.#post({ kind: 'stop', timeout });
  }

  /** Ends the thread at once, whatever it is doing. @param why what its start failed for, if it was not ready */
  abort(why?: string): void {
    this.#abortedFor ??= why;
    this.#thread.abort();
  }

  /** Ends the thread by force, should it not have ended by itself after so many milliseconds, and {@link GRACE}. */
  abortAfter(timeout: number): void {
    const timer = this.#options.clock.setTimeout(() => this.abort(), timeout + GRACE);
    void this.ended.then(() => timer.cancel());
  }

  #receive(message: ThreadMessage): void {
    switch (message.kind) {
      case 'step':
        this.#start.step = message.step;
        break;
      case 'ready':
        this.handsOver = message.handsOver;
        this.takesOver = message.takesOver;
        this.handshakes = message.handshakes;
        this.requests = message.requests;
        this.#start.succeed();
        break;
      case 'failed':
        this.#start.fail(new GatewayError(message.code as ErrorCode, message.message));
        break;
      case 'handedOver':
      case 'tookOver':
      case 'kept':
        this.#onTransferred.shift()?.(message);
        break;
      case 'retired':
        this.#onRetired?.(message.pending);
        break;
      case 'released':
        this.#options.onReleased(message.clientId);
        break;
      case 'series':
        this.series.push(message.series);
        break;
      case 'log':
        this.#options.writeLine(message.line);
        break;
      case 'printed':
        this.#printed.add(message.stream, message.text);
        break;
    }
  }

  /** Says where the thread is stuck, and ends it. */
  async #endStuck(milliseconds: number): Promise<void> {
    const { clock, bundle, task, log } = this.#options;
    const running = this.gauge.running;
    const stack = await stackOf(this.gauge.thread, clock, (url, line, column) =>
      bundle.locate(url, line, column),
    );
    const seconds = (milliseconds / 1000).toFixed(1);
    const client = running && clientOf(running);
    const what = running === undefined ? 'code outside a handler' : textOf(running);
    this.stuck = `${what} blocked it for ${seconds} s`;
    log.error(
      {
        worker: task.slot,
        client,
        event: running && eventName(running.command),
        seconds: Number(seconds),
        stack,
      },
      `worker ${task.slot} stands still: ${this.stuck}, longer than processTimeout\n  ${stack.slice(0, 12).join('\n  ')}`,
    );
    this.abort();
  }

  #end(error: Error | undefined): Error | undefined {
    this.#watchdog?.close();
    // the thread's last words come by another way than the news of its end
    for (let last = receiveMessageOnPort(this.#port); last; last = receiveMessageOnPort(this.#port)) {
      this.#receive(last.message as ThreadMessage);
    }
    this.#port.close();
    this.#printed.close();
    const { slot } = this.#options.task;
    const reason = this.#abortedFor ?? this.stuck ?? (error && messageOf(error)) ?? 'it ended';
    this.died = new GatewayError(
      'GW_WORKER_DIED',
      sentence(`Worker ${slot} died while it started: ${reason}`),
      {
        cause: error,
      },
    );
    this.#start.fail(this.died);
    for (const answer of this.#onTransferred.splice(0)) answer(undefined);
    return error;
  }

  /** @returns the answer; undefined when it dies first. @throws GW_HANDOVER */
  async #transfer(
    order: Extract<SlotMessage, { kind: 'handOver' | 'takeOver' }>,
  ): Promise<StateAnswer | undefined> {
    if (this.died !== undefined) return undefined;
    const answered = new Promise<StateAnswer | undefined>(
      (resolve) => void this.#onTransferred.push(resolve),
    );
    this.#post(order, [order.port]);
    const answer = await answered;
    if (answer?.kind === 'kept') throw new GatewayError('GW_HANDOVER', answer.message);
    return answer;
  }

  #post(message: SlotMessage, transfer: readonly MessagePort[] = []): void {
    this.#port.postMessage(message, transfer);
  }
}
