import { Piscina } from 'piscina';
import type { GatewayAddress } from '../wire/client-id.js';
import type { Clock } from '../clock.js';
import type { WorkerConfig } from '../config/schema.js';
import type { Link } from '../link/link.js';
import type { Logger } from '../log.js';
import { Doorbell } from '../ring/doorbell.js';
import { EventsBundle } from './events-bundle.js';
import { Slot } from './slot.js';

const THREAD_ENTRY = new URL('../worker/entry.js', import.meta.url).href;

export interface PoolOptions {
  readonly config: WorkerConfig;
  readonly node: string;
  /** Bytes of events that may wait for one worker. */
  readonly eventBufferSize: number;
  /** The gateways that the workers reach. */
  readonly gateways: readonly GatewayAddress[];
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

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#threads = new Piscina({
      filename: THREAD_ENTRY,
      // every generation gets a fresh thread, which ends with it; at a replacement two live at once
      minThreads: 0,
      maxThreads: options.config.count * 2,
      idleTimeout: 0,
      concurrentTasksPerWorker: 1,
      atomics: 'disabled',
    });
  }

  /** The slots' links, for the gateway. */
  get links(): Link[] {
    return this.#slots.map((slot) => slot.link);
  }

  /**
   * Compiles events/ and prepares the slots: their links can be listened to.
   *
   * @throws GW_EVENTS_MISSING, GW_EVENTS_COMPILE
   */
  async prepare(): Promise<void> {
    const { config, node, gateways, clock, log, logLevel, writeLine, eventBufferSize } = this.#options;
    const bundle = await EventsBundle.build(config.events);
    const task = { eventsFolder: config.events, count: config.count, node, gateways, logLevel };
    const context = {
      threads: this.#threads,
      doorbell: this.#doorbell,
      clock,
      log,
      writeLine,
      task,
      eventBufferSize,
      commandBufferSize: config.sendToGatewayBufferSize,
      stopTimeout: config.stopTimeout * 1000,
    };
    this.#slots = Array.from({ length: config.count }, (_, number) => new Slot(number, bundle, context));
    this.#doorbell.serve(() => this.#poll());
  }

  /** Starts every worker; resolves when all take events. @throws as Slot.start */
  async start(): Promise<void> {
    await Promise.all(this.#slots.map((slot) => slot.start()));
  }

  /** Lets every worker finish and ends the threads. */
  async stop(): Promise<void> {
    await Promise.all(this.#slots.map((slot) => slot.stop()));
    this.#doorbell.close();
    await this.#threads.destroy();
  }

  #poll(): boolean {
    let worked = false;
    for (const { link } of this.#slots) if (link.poll()) worked = true;
    return worked;
  }
}
