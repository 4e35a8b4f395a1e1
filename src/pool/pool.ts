import type { GatewayAddress } from '../wire/client-id.js';
import { type Clock, withinTime } from '../base/clock.js';
import type { WorkerConfig } from '../config/schema.js';
import { GatewayError } from '../base/errors.js';
import type { OtherCells } from '../cluster/other-cells.js';
import type { GatewayDiallerStatus } from '../cluster/gateway-dialler.js';
import { Interests } from '../cluster/interests.js';
import type { Link } from '../link/link.js';
import type { Metric } from '../metrics/metric.js';
import { SeriesSums } from '../metrics/series-sums.js';
import { SECONDS, addValues, bucketsLength } from '../ring/bucket-counts.js';
import type { WorkerTask } from '../link/thread-protocol.js';
import type { Logger } from '../base/log.js';
import { Doorbell } from '../ring/doorbell.js';
import { type CompiledEvents, EventsBundle } from '../bundle/events-bundle.js';
import type { Generation } from './generation.js';
import { livingThreads } from './living-threads.js';
import { Slot, type SlotMeasures, type SlotStatus, type SlotThread } from './slot.js';
import type { InnerOptions } from './slot-context.js';
import { PoolThread, type StartThread } from './thread.js';

const MEBIBYTE = 2 ** 20;

/**
 * Where V8 ends a thread that grows faster than it can be replaced in good order: well above maxMemory. It mostly succeeds;
 * some growth, such as that of one huge Map, ends the whole process, for which there is the supervisor.
 */
function heapLimit(maxMemory: number): number | undefined {
  return maxMemory === 0 ? undefined : Math.ceil((maxMemory * 2) / MEBIBYTE);
}

/** Milliseconds that threads which were ended by force get to obey, before the log says that they do not. */
const OBEY_TIME = 500;

export interface PoolOptions {
  readonly config: WorkerConfig;
  /** Where events/ is compiled to, if not beside it. */
  readonly stateDir?: string;
  readonly node: string;
  /** Bytes of events that may wait for one worker. */
  readonly eventBufferSize: number;
  /** The gateway of this process; undefined when it has none. */
  readonly localGateway: GatewayAddress | undefined;
  readonly inner: InnerOptions;
  /** The way to gateways of other cells; undefined without a backbone. */
  readonly otherCells?: OtherCells | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  readonly logLevel: string;
  readonly writeLine: (line: string) => void;
  /** Default: threads of their own. */
  readonly startThread?: StartThread;
  /** Default: compiles `config.events`. */
  readonly compile?: () => Promise<CompiledEvents>;
}

/** The node's business workers: threads of a pool, one long task per thread. */
export class Pool {
  readonly #options: PoolOptions;
  readonly #doorbell = new Doorbell();
  #slots: Slot[] = [];
  /** The reload that is going on, or the last one: they come one after another. */
  #reloading: Promise<void> = Promise.resolve();

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /** The slots' links, for the gateway of this process. None without one. */
  get links(): Link[] {
    return this.#slots.map((slot) => slot.linkSet.local).filter((link) => link !== undefined);
  }

  /** The gateways of other nodes that there are now. One that is no longer named is kept for as long as its links work. */
  setGateways(addresses: readonly GatewayAddress[]): void {
    for (const { linkSet: links } of this.#slots) links.setGateways(addresses);
  }

  /** Resolves when every worker has reached every gateway, or the time (milliseconds) is over. */
  async connected(timeout: number): Promise<void> {
    const connected = Promise.all(this.#slots.map(async ({ linkSet: links }) => await links.connected()));
    await withinTime(this.#options.clock, timeout, connected);
  }

  /** How the gateways of other nodes are reached: up when every worker reaches it. */
  gateways(): GatewayDiallerStatus[] {
    const gateways = new Map<string, GatewayDiallerStatus>();
    for (const link of this.#slots.flatMap(({ linkSet: links }) => links.status)) {
      const other = gateways.get(link.address);
      gateways.set(link.address, other === undefined ? link : worse(other, link));
    }
    return [...gateways.values()];
  }

  /** How often {@link reload} has succeeded. */
  reloads = 0;

  /** How each slot is. */
  status(): SlotStatus[] {
    return this.#slots.map((slot) => slot.status());
  }

  /** Each slot's threads that live, in the order of their start. */
  threads(): { slot: number; threads: SlotThread[] }[] {
    return this.#slots.map((slot, number) => ({ slot: number, threads: slot.living }));
  }

  /** What each slot has measured. */
  measures(): SlotMeasures[] {
    return this.#slots.map((slot) => slot.measures());
  }

  /** How long the handlers of all slots took: ring/bucket-counts.ts. */
  get durations(): Float64Array {
    const sum = new Float64Array(bucketsLength(SECONDS));
    for (const slot of this.#slots) addValues(sum, slot.durations);
    return sum;
  }

  /** The application's own metrics, of all workers together. */
  metrics(): Metric[] {
    const sums = new SeriesSums();
    for (const slot of this.#slots) sums.addAll(slot.pastSeries);
    for (const slot of this.#slots) slot.addSeries(sums);
    return sums.metrics;
  }

  /**
   * Compiles events/ and prepares the slots: their links can be subscribed to.
   *
   * @throws GW_EVENTS_MISSING, GW_EVENTS_COMPILE
   */
  async prepare(): Promise<void> {
    const { config, node, clock, log, logLevel, writeLine, eventBufferSize, localGateway } = this.#options;
    const { inner, otherCells } = this.#options;
    const bundle = await this.#compile();
    const task = {
      eventsFolder: config.events,
      count: config.count,
      node,
      logLevel,
      processTimeout: config.processTimeout * 1000,
    };
    const threadOptions = {
      heapLimit: heapLimit(config.maxMemory),
      // what old code left behind may still throw between its task's end and its thread's
      onLateError: (error: Error) =>
        log.debug({ err: error }, `a thread failed after its work was done: ${error.message}`),
    };
    const context = {
      startThread: this.#options.startThread ?? ((work: WorkerTask) => new PoolThread(work, threadOptions)),
      doorbell: this.#doorbell,
      clock,
      log,
      writeLine,
      task,
      eventBufferSize,
      commandBufferSize: config.sendToGatewayBufferSize,
      localGateway,
      inner,
      interests: new Interests(),
      otherCells,
      startTimeout: config.startTimeout * 1000,
      stopTimeout: config.stopTimeout * 1000,
      maxMemory: config.maxMemory,
    };
    this.#slots = Array.from({ length: config.count }, (_, number) => new Slot(number, bundle, context));
    this.#doorbell.serve(() => this.#poll());
  }

  /** Starts every worker; resolves when all take events. @throws as Slot.start */
  async start(): Promise<void> {
    await Promise.all(this.#slots.map((slot) => slot.start()));
  }

  /**
   * Compiles events/ anew and replaces every worker's thread by one that runs it, without a client noticing. The new
   * threads are all ready before the first one takes over: when one of them fails, the old code goes on everywhere. One
   * that dies after that, before its turn has come, ends the reload there, and the message says how far it has come.
   *
   * @param timeout milliseconds that pending handlers may take
   * @throws GW_EVENTS_MISSING, GW_EVENTS_COMPILE, GW_EVENTS_INVALID, GW_EVENTS_START, GW_START_TIMEOUT, GW_WORKER_DIED
   */
  async reload(timeout: number): Promise<void> {
    const reload = async (): Promise<void> => await this.#reload(timeout);
    this.#reloading = this.#reloading.then(reload, reload);
    await this.#reloading;
  }

  /** The node is about to stop: threads that are missing are started now or never. */
  hurry(): void {
    for (const slot of this.#slots) slot.hurry();
  }

  /** Lets every worker finish and ends the threads. @param timeout milliseconds that pending handlers may take */
  async stop(timeout: number): Promise<void> {
    await Promise.all(this.#slots.map((slot) => slot.stop(timeout)));
    this.#doorbell.close();
    if (await livingThreads.gone(OBEY_TIME, this.#options.clock)) return;
    this.#options.log.warn(
      'a thread does not end: a handler is in a system call that does not return; the process ends itself by force',
    );
  }

  async #compile(): Promise<CompiledEvents> {
    const { compile, config, stateDir } = this.#options;
    return await (compile?.() ?? EventsBundle.build(config.events, stateDir));
  }

  async #reload(timeout: number): Promise<void> {
    const bundle = await this.#compile();
    const nexts = await this.#launch(bundle);
    for (const [number, slot] of this.#slots.entries()) {
      try {
        await slot.takeOver(nexts[number], timeout);
      } catch (error) {
        for (const next of nexts.slice(number)) next.abort();
        throw number === 0 ? error : halfway(error as GatewayError, number);
      }
    }
    this.reloads++;
  }

  /** A thread for every slot, all of them ready; none when one of them fails. */
  async #launch(bundle: CompiledEvents): Promise<Generation[]> {
    const nexts: Generation[] = [];
    try {
      for (const slot of this.#slots) nexts.push(await slot.launch(bundle));
      await Promise.all(nexts.map(({ ready }) => ready));
      for (const { died } of nexts) if (died !== undefined) throw died;
      return nexts;
    } catch (error) {
      for (const next of nexts) next.abort('the new code cannot run in another worker');
      throw error;
    }
  }

  #poll(): boolean {
    let worked = false;
    for (const { link } of this.#slots) if (link.poll()) worked = true;
    return worked;
  }
}

/** The new code starts, and then dies before all run it. */
function halfway({ code, message }: GatewayError, number: number): GatewayError {
  const done = number === 1 ? 'worker 0 already runs' : `workers 0 to ${number - 1} already run`;
  return new GatewayError(
    code,
    `Worker ${number} goes on with the old code, as do those after it, while ${done} the new: reload again when this is put right. ${message}`,
  );
}

/** Two workers' links to one gateway as one: the worse of both, with what waits for either. */
function worse(one: GatewayDiallerStatus, other: GatewayDiallerStatus): GatewayDiallerStatus {
  const shown = one.state === 'up' ? other : one;
  return {
    ...shown,
    attempts: Math.max(one.attempts, other.attempts),
    bufferedBytes: one.bufferedBytes + other.bufferedBytes,
    spared: one.spared + other.spared,
  };
}
