import { withinTime } from '../base/clock.js';
import type { DatabaseCounts } from '../base/thread-databases.js';
import type { CompiledEvents } from '../bundle/events-bundle.js';
import { LinkSet } from '../cluster/link-set.js';
import type { SeriesSums } from '../metrics/series-sums.js';
import { SlotLink } from '../link/slot-link.js';
import { ENDED_FEATURE, INTEREST_FEATURE, NODE_FEATURE, ROUTE_FEATURE } from '../wire/worker-connect.js';
import { GRACE, type Generation } from './generation.js';
import { MemoryLimit } from './memory-limit.js';
import type { SlotContext } from './slot-context.js';
import { SlotMonitor } from './slot-monitor.js';
import { SlotReport } from './slot-report.js';
import { Succession } from './succession.js';

/** How a slot is. Sizes in bytes, times in milliseconds. */
export interface SlotStatus {
  /** Its link's name. */
  readonly name: string;
  readonly slot: number;
  readonly state: 'serving' | 'down';
  /** The thread's number within the process; null while there is none. */
  readonly thread: number | null;
  readonly memory: { readonly heapUsed: number; readonly external: number };
  readonly handled: number;
  readonly perSecond: number;
  readonly errors: number;
  readonly refused: number;
  readonly pending: number;
  readonly lost: number;
  readonly waitingBytes: number;
  readonly waitingFor: number;
  readonly restarts: number;
  readonly lastExit: string | null;
  /** Of all its threads; undefined when none has used a database. */
  readonly database: DatabaseCounts | undefined;
}

/** One of the threads of a slot that live. */
export interface SlotThread {
  readonly thread: number;
  readonly role: 'starting' | 'serving' | 'finishing';
}

/** What its threads have taken and done since the node started, those that are gone included. */
export interface SlotMeasures {
  readonly slot: number;
  /** Seconds that their event loops were not idle. */
  readonly active: number;
  /** How long handlers took, and how late their event loops came round: ring/bucket-counts.ts. */
  readonly durations: readonly number[];
  readonly delays: readonly number[];
}

/**
 * A worker's place: its link outlives the threads that serve it one after another, so that events wait while there is none.
 */
export class Slot {
  readonly link: SlotLink;
  /** Its ways to the gateways. */
  readonly linkSet: LinkSet;
  readonly #number: number;
  readonly #context: SlotContext;
  readonly #report: SlotReport;
  readonly #succession: Succession;
  readonly #memoryLimit: MemoryLimit;
  readonly #monitor: SlotMonitor;

  constructor(number: number, bundle: CompiledEvents, context: SlotContext) {
    this.#number = number;
    this.#context = context;
    const { log, clock, stopTimeout, maxMemory } = context;
    const report = new SlotReport(number, log);
    this.#report = report;
    this.link = this.#openLink();
    this.linkSet = this.#openLinks();
    this.#succession = new Succession({
      slot: number,
      bundle,
      context,
      link: this.link,
      links: this.linkSet,
      report,
      onServing: (generation) => this.#memoryLimit.begin(generation),
    });
    this.#memoryLimit = new MemoryLimit({
      maxMemory,
      clock,
      report,
      replace: async (serving) => {
        const next = await this.launch(serving.bundle);
        await next.ready;
        await this.takeOver(next, stopTimeout, serving);
      },
    });
    this.#monitor = new SlotMonitor(this, clock, () => {
      const { serving } = this.#succession;
      if (serving !== undefined) this.#memoryLimit.look(serving);
    });
  }

  /** Events handled so far, by all its threads. */
  get handled(): number {
    return this.#succession.threads.handled;
  }

  /** As {@link SlotLink.flow}. */
  get flow(): SlotLink['flow'] {
    return this.link.flow;
  }

  /** How it is. */
  status(): SlotStatus {
    const { threads, serving, restarts, lastExit } = this.#succession;
    const gauge = serving?.gauge;
    return {
      name: this.link.name,
      slot: this.#number,
      state: gauge === undefined ? 'down' : 'serving',
      thread: gauge?.thread ?? null,
      memory: { heapUsed: gauge?.heap ?? 0, external: gauge?.external ?? 0 },
      handled: threads.handled,
      perSecond: this.#monitor.perSecond,
      errors: threads.errors,
      refused: threads.refused,
      pending: threads.pending,
      lost: threads.lost,
      waitingBytes: this.link.bufferedBytes,
      waitingFor: this.#monitor.waitingFor,
      restarts,
      lastExit,
      database: threads.databases,
    };
  }

  /** Its threads that live, in the order of their start. */
  get living(): SlotThread[] {
    const { threads, serving } = this.#succession;
    return Array.from(threads, (generation) => ({
      thread: generation.number,
      role: generation === serving ? 'serving' : generation.retiring ? 'finishing' : 'starting',
    }));
  }

  measures(): SlotMeasures {
    const { active, durations, delays } = this.#succession.threads;
    return { slot: this.#number, active, durations, delays };
  }

  /** How long handlers took. */
  get durations(): readonly number[] {
    return this.#succession.threads.durations;
  }

  /** What the code of its threads that are gone has counted. */
  get pastSeries(): SeriesSums {
    return this.#succession.threads.past;
  }

  /** Adds what the code of those that live counts. A gauge is that of the thread which serves: another one's is not yet, or no more. */
  addSeries(sums: SeriesSums): void {
    const { threads, serving } = this.#succession;
    for (const generation of threads) {
      for (const series of generation.series)
        if (generation === serving || series.definition.type !== 'gauge') sums.add(series);
    }
  }

  /**
   * Starts the slot's first thread; resolves when it takes events.
   *
   * @throws GW_EVENTS_INVALID, GW_EVENTS_START, GW_START_TIMEOUT, GW_WORKER_DIED
   */
  async start(): Promise<void> {
    await this.#succession.start();
  }

  /**
   * Starts a thread that is to take over once it is ready: it loads the code and runs onWorkerStart, beside the one that
   * serves.
   *
   * @throws GW_EVENTS_COMPILE when the code cannot be written, GW_CONTROL when the slot stops, or has too many threads
   */
  async launch(bundle: CompiledEvents): Promise<Generation> {
    return await this.#succession.launch(bundle);
  }

  /**
   * Puts a thread that is ready in the place of the one that serves. No event is lost, handled twice or out of order: the
   * old thread finishes the handlers that are pending, and only those clients wait for it.
   *
   * @param timeout milliseconds that those handlers may take
   * @param instead replaces only this thread: nothing happens when another one serves by then
   * @throws GW_WORKER_DIED when it has died before it could take over: the old code goes on, if need be in a new thread.
   * GW_CONTROL when the slot stops
   */
  async takeOver(next: Generation, timeout: number, instead?: Generation): Promise<void> {
    await this.#succession.takeOver(next, timeout, instead);
  }

  /** The node is about to stop: a thread that is missing is started now or never. */
  hurry(): void {
    this.#succession.hurry();
  }

  /**
   * Lets the events that are on their way be handled, by a thread that is still to come if there is none, then onWorkerStop
   * run, then the threads end.
   *
   * @param timeout milliseconds that all of this may take
   */
  async stop(timeout: number): Promise<void> {
    const { clock } = this.#context;
    const deadline = clock.now() + timeout;
    await withinTime(clock, timeout, this.linkSet.leave());
    this.#monitor.close();
    await this.#succession.end(deadline);
    if (this.link.hasEvents) this.#report.left(this.link, this.#succession.lastFailure);
    await this.linkSet.close(Math.max(GRACE, deadline - clock.now()));
    this.link.destroy();
  }

  #openLink(): SlotLink {
    const { task, doorbell, eventBufferSize, commandBufferSize } = this.#context;
    return new SlotLink({
      name: `${task.node}:${this.#number}`,
      doorbell,
      eventBufferSize,
      commandBufferSize,
      onError: (error) => this.#report.commandFailed(error),
    });
  }

  #openLinks(): LinkSet {
    const { inner, clock, commandBufferSize, localGateway, interests, otherCells } = this.#context;
    const report = this.#report;
    return new LinkSet(this.link, {
      localGateway,
      otherCells,
      introduction: {
        workerKey: this.link.name,
        secretKey: inner.secretKey,
        features: [NODE_FEATURE, ENDED_FEATURE, ROUTE_FEATURE, INTEREST_FEATURE],
        instance: inner.instance,
      },
      tls: inner.tls,
      pingInterval: inner.pingInterval,
      bufferSize: commandBufferSize,
      clock,
      interests,
      onError: (error) => report.commandFailed(error),
      onChange: () => {
        for (const generation of this.#succession.threads) generation.showGateways(this.linkSet.gateways);
      },
      onBroken: (link, error) => report.gatewayLost(link, error),
      onUnreached: (link, error) => report.gatewayUnreached(link, error),
      onReached: (link) => report.gatewayReached(link),
    });
  }
}
