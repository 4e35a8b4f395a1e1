import { Piscina } from 'piscina';
import type { GatewayAddress } from '../wire/client-id.js';
import { type Clock, withinTime } from '../clock.js';
import type { WorkerConfig } from '../config/schema.js';
import type { GatewayLinkStatus } from '../link/gateway-link.js';
import type { Link } from '../link/link.js';
import type { Logger } from '../log.js';
import { Doorbell } from '../ring/doorbell.js';
import { EventsBundle } from './events-bundle.js';
import type { Generation } from './generation.js';
import { type InnerOptions, Slot, type SlotStatus } from './slot.js';

const THREAD_ENTRY = new URL('../worker/entry.js', import.meta.url).href;

const MEBIBYTE = 2 ** 20;

/**
 * Where V8 ends a thread that grows faster than it can be replaced in good order: well above maxMemory. It mostly succeeds;
 * some growth, such as that of one huge Map, ends the whole process, for which there is the supervisor.
 */
function heapLimit(maxMemory: number): { maxOldGenerationSizeMb?: number } {
  return maxMemory === 0 ? {} : { maxOldGenerationSizeMb: Math.ceil((maxMemory * 2) / MEBIBYTE) };
}

/** One that serves, one that is to take over, and those that finish what they began: one more reload waits for one of them. */
const THREADS_PER_SLOT = 16;

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
  readonly clock: Clock;
  readonly log: Logger;
  readonly logLevel: string;
  readonly writeLine: (line: string) => void;
}

/** The node's business workers: threads of a pool, one long task per slot and generation. */
export class Pool {
  readonly #options: PoolOptions;
  readonly #doorbell = new Doorbell();
  readonly #threads: Piscina;
  #slots: Slot[] = [];
  /** The reload that is going on, or the last one: they come one after another. */
  #reloading: Promise<void> = Promise.resolve();

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#threads = new Piscina({
      filename: THREAD_ENTRY,
      // every generation gets a fresh thread, which ends with it; while old ones finish, several of a slot live at once
      minThreads: 0,
      maxThreads: options.config.count * THREADS_PER_SLOT,
      idleTimeout: 0,
      concurrentTasksPerWorker: 1,
      atomics: 'disabled',
      resourceLimits: heapLimit(options.config.maxMemory),
    });
    // what old code left behind may still throw between its task's end and its thread's: nobody's task any more
    this.#threads.on('error', (error: Error) => {
      options.log.debug({ err: error }, `a thread failed after its work was done: ${error.message}`);
    });
  }

  /** The slots' links, for the gateway of this process. None without one. */
  get links(): Link[] {
    return this.#slots.map((slot) => slot.links.local).filter((link) => link !== undefined);
  }

  /** The gateways of other nodes that there are now. One that is no longer named is kept for as long as its links work. */
  follow(addresses: readonly GatewayAddress[]): void {
    for (const { links } of this.#slots) links.follow(addresses);
  }

  /** Resolves when every worker has reached every gateway, or the time (milliseconds) is over. */
  async connected(timeout: number): Promise<void> {
    const connected = Promise.all(this.#slots.map(async ({ links }) => await links.connected()));
    await withinTime(this.#options.clock, timeout, connected);
  }

  /** How the gateways of other nodes are reached: up when every worker reaches it. */
  gateways(): GatewayLinkStatus[] {
    const gateways = new Map<string, GatewayLinkStatus>();
    for (const link of this.#slots.flatMap(({ links }) => links.status)) {
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

  /**
   * Compiles events/ and prepares the slots: their links can be listened to.
   *
   * @throws GW_EVENTS_MISSING, GW_EVENTS_COMPILE
   */
  async prepare(): Promise<void> {
    const { config, node, clock, log, logLevel, writeLine, eventBufferSize, localGateway, inner } =
      this.#options;
    const bundle = await EventsBundle.build(config.events, this.#options.stateDir);
    const task = {
      eventsFolder: config.events,
      count: config.count,
      node,
      logLevel,
      processTimeout: config.processTimeout * 1000,
    };
    const context = {
      threads: this.#threads,
      doorbell: this.#doorbell,
      clock,
      log,
      writeLine,
      task,
      eventBufferSize,
      commandBufferSize: config.sendToGatewayBufferSize,
      localGateway,
      inner,
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
   * threads are all ready before the first one takes over: when one of them fails, the old code goes on everywhere.
   *
   * @param timeout milliseconds that pending handlers may take
   * @throws GW_EVENTS_MISSING, GW_EVENTS_COMPILE, GW_EVENTS_INVALID, GW_EVENTS_START, GW_WORKER_DIED
   */
  async reload(timeout: number): Promise<void> {
    this.#reloading = this.#reloading.then(
      async () => await this.#reload(timeout),
      async () => await this.#reload(timeout),
    );
    await this.#reloading;
  }

  /** Lets every worker finish and ends the threads. @param timeout milliseconds that pending handlers may take */
  async stop(timeout: number): Promise<void> {
    await Promise.all(this.#slots.map((slot) => slot.stop(timeout)));
    this.#doorbell.close();
    await this.#threads.destroy();
  }

  async #reload(timeout: number): Promise<void> {
    const bundle = await EventsBundle.build(this.#options.config.events, this.#options.stateDir);
    const prepared: { slot: Slot; next: Generation }[] = [];
    try {
      for (const slot of this.#slots) prepared.push({ slot, next: await slot.prepare(bundle) });
      for (const { next } of prepared) if (next.died !== undefined) throw next.died;
    } catch (error) {
      for (const { next } of prepared) next.abort();
      throw error;
    }
    for (const { slot, next } of prepared) await slot.takeOver(next, timeout);
    this.reloads++;
  }

  #poll(): boolean {
    let worked = false;
    for (const { link } of this.#slots) if (link.poll()) worked = true;
    return worked;
  }
}

/** Two workers' links to one gateway as one: the worse of both, with what waits for either. */
function worse(one: GatewayLinkStatus, other: GatewayLinkStatus): GatewayLinkStatus {
  const shown = one.state === 'up' ? other : one;
  return {
    ...shown,
    attempts: Math.max(one.attempts, other.attempts),
    bufferedBytes: one.bufferedBytes + other.bufferedBytes,
  };
}
