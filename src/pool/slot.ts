import type { Piscina } from 'piscina';
import type { Clock } from '../clock.js';
import { SlotLink } from '../link/slot-link.js';
import type { WorkerTask } from '../link/worker-task.js';
import type { Logger } from '../log.js';
import type { Doorbell } from '../ring/doorbell.js';
import type { EventsBundle } from './events-bundle.js';
import { Generation } from './generation.js';

/** What every slot of a pool shares. */
export interface SlotContext {
  readonly threads: Piscina;
  readonly doorbell: Doorbell;
  readonly clock: Clock;
  readonly log: Logger;
  /** Writes a line that a thread logged. */
  readonly writeLine: (line: string) => void;
  readonly task: Pick<WorkerTask, 'eventsFolder' | 'count' | 'node' | 'gateways' | 'logLevel'>;
  readonly eventBufferSize: number;
  readonly commandBufferSize: number;
  /** Milliseconds that handlers may still take when their thread is to end. */
  readonly stopTimeout: number;
}

/** Waits between attempts to replace a thread that keeps dying: doubled from the first to the last. */
const FIRST_BACKOFF = 100;
const LAST_BACKOFF = 10_000;
/** What a thread gets beyond its timeouts before it is ended by force: to answer at all. */
const GRACE = 1000;

/**
 * A worker's place: its link outlives the threads that serve it one after another, so that events wait while there is none.
 */
export class Slot {
  readonly link: SlotLink;
  readonly #number: number;
  readonly #context: SlotContext;
  #bundle: EventsBundle;
  #serving: Generation | undefined;
  /** Clients whose events wait until a handler in an older thread is done, and which thread that is. */
  readonly #pending = new Map<number, Generation>();
  /** Threads that live, whether they serve or not. */
  readonly #living = new Set<Generation>();
  #backoff = FIRST_BACKOFF;
  #restarts = 0;
  #stopping = false;

  constructor(number: number, bundle: EventsBundle, context: SlotContext) {
    this.#number = number;
    this.#bundle = bundle;
    this.#context = context;
    const { task, log, doorbell, eventBufferSize, commandBufferSize } = context;
    this.link = new SlotLink({
      name: `${task.node}:${number}`,
      doorbell,
      eventBufferSize,
      commandBufferSize,
      onError: (error) => log.error({ worker: number, err: error }, `a command failed: ${error.message}`),
    });
  }

  /** How often a thread that died was replaced. */
  get restarts(): number {
    return this.#restarts;
  }

  /**
   * Starts the slot's first thread; resolves when it takes events.
   *
   * @throws GW_EVENTS_INVALID, GW_EVENTS_START, GW_WORKER_DIED
   */
  async start(): Promise<void> {
    this.#handOver(await this.prepare(this.#bundle));
  }

  /**
   * Starts a thread that is to take over: it loads the code and runs onWorkerStart, beside the one that serves.
   *
   * @throws as {@link start}
   */
  async prepare(bundle: EventsBundle): Promise<Generation> {
    const { threads, task, writeLine } = this.#context;
    await bundle.write();
    const generation: Generation = new Generation({
      threads,
      memory: this.link.attach(),
      bundle,
      task: { ...task, slot: this.#number },
      writeLine,
      onReleased: (connectionId) => this.#released(generation, connectionId),
    });
    this.#living.add(generation);
    void generation.ended.then((error) => this.#ended(generation, error));
    await generation.ready;
    return generation;
  }

  /**
   * Puts a prepared thread in the place of the one that serves. No event is lost, handled twice or out of order: the old
   * thread finishes the handlers that are pending, and only those clients wait for it.
   *
   * @param timeout milliseconds that those handlers may take
   */
  async takeOver(next: Generation, timeout: number): Promise<void> {
    const old = this.#serving;
    if (old !== undefined) {
      const pending = await old.retire(timeout);
      for (const connectionId of pending) {
        if (!this.#pending.has(connectionId)) this.#pending.set(connectionId, old);
      }
      this.#endWithin(old, timeout);
    }
    this.#bundle = next.bundle;
    if (this.#stopping) next.abort();
    else if (this.#living.has(next)) this.#handOver(next);
    else await this.#replace();
  }

  /** Lets the events that are on their way be handled, then onWorkerStop run, then the threads end. */
  async stop(): Promise<void> {
    this.#stopping = true;
    const { stopTimeout } = this.#context;
    this.link.endEvents();
    this.#serving?.stop(stopTimeout);
    for (const generation of this.#living) {
      if (generation !== this.#serving && !generation.retiring) generation.abort();
      else this.#endWithin(generation, stopTimeout);
    }
    await Promise.all(Array.from(this.#living, (generation) => generation.ended));
    this.link.destroy();
  }

  #handOver(generation: Generation): void {
    this.#serving = generation;
    generation.serve(this.link.serveBy(generation.number), [...this.#pending.keys()]);
  }

  /** Ends a thread that has been told to end, should it not do so by itself: handlers, then onWorkerStop. */
  #endWithin(generation: Generation, timeout: number): void {
    const { clock, stopTimeout } = this.#context;
    const timer = clock.setTimeout(() => generation.abort(), timeout + stopTimeout + GRACE);
    void generation.ended.then(() => timer.cancel());
  }

  /** A handler that was pending in an older thread is done: what it sent is delivered before the client's next event. */
  #released(generation: Generation, connectionId: number): void {
    if (this.#pending.get(connectionId) !== generation) return;
    this.link.drain(generation.number);
    this.#pending.delete(connectionId);
    this.#serving?.release(connectionId);
  }

  #ended(generation: Generation, error: Error | undefined): void {
    const { log } = this.#context;
    this.link.detach(generation.number);
    this.#living.delete(generation);
    for (const [connectionId, owner] of this.#pending) {
      if (owner === generation) this.#released(generation, connectionId);
    }
    if (generation !== this.#serving || this.#stopping) return;
    this.#serving = undefined;
    if (generation.retiring) return;
    const reason = error === undefined ? '' : `: ${error.message}`;
    log.error({ worker: this.#number, err: error }, `a worker died${reason}; it is replaced`);
    void this.#replace();
  }

  /** Puts a new thread in the place of one that died: at once, and then less and less often while it keeps dying at start. */
  async #replace(): Promise<void> {
    const { log, clock } = this.#context;
    while (!this.#stopping && this.#serving === undefined) {
      try {
        const next = await this.prepare(this.#bundle);
        // a reload may have put another one there meanwhile
        if (this.#stopping || this.#serving !== undefined) next.abort();
        else this.#handOver(next);
        this.#restarts++;
        this.#backoff = FIRST_BACKOFF;
      } catch (error) {
        log.error(
          { worker: this.#number, err: error },
          `a worker cannot be replaced; next attempt in ${this.#backoff} ms`,
        );
        await new Promise<void>((resolve) => void clock.setTimeout(resolve, this.#backoff));
        this.#backoff = Math.min(this.#backoff * 2, LAST_BACKOFF);
      }
    }
  }
}
