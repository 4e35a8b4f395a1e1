import { type Clock, withinTime } from '../base/clock.js';
import { messageOf } from '../base/error-text.js';
import { type DatabaseCounts, sumOfCounts } from '../base/thread-databases.js';
import { GatewayError } from '../base/errors.js';
import type { InnerTls } from '../net/inner-socket.js';
import type { GatewayDialler } from '../cluster/gateway-dialler.js';
import { LinkSet } from '../cluster/link-set.js';
import { SlotLink } from '../link/slot-link.js';
import type { WorkerTask } from '../link/thread-protocol.js';
import type { Logger } from '../base/log.js';
import type { Doorbell } from '../ring/doorbell.js';
import { type GatewayAddress, formatClientId } from '../wire/client-id.js';
import { eventName } from '../wire/command.js';
import { ENDED_FEATURE, NODE_FEATURE } from '../wire/worker-connect.js';
import type { EventsBundle } from '../bundle/events-bundle.js';
import { Generation } from './generation.js';
import { Replacement } from './replacement.js';
import { SlotMonitor } from './slot-monitor.js';
import type { StartThread } from './thread.js';

/** What every slot of a pool shares. */
export interface SlotContext {
  readonly startThread: StartThread;
  readonly doorbell: Doorbell;
  readonly clock: Clock;
  readonly log: Logger;
  /** Writes a line that a thread logged. */
  readonly writeLine: (line: string) => void;
  readonly task: Omit<WorkerTask, 'memory' | 'port' | 'bundle' | 'slot' | 'gateways'>;
  readonly eventBufferSize: number;
  readonly commandBufferSize: number;
  /** The gateway of this process, if it has one. */
  readonly localGateway: GatewayAddress | undefined;
  readonly inner: InnerOptions;
  /** Milliseconds that a thread may take until it is ready. */
  readonly startTimeout: number;
  /** Milliseconds that handlers may still take when their thread is to end. */
  readonly stopTimeout: number;
  /** Bytes above which a thread is replaced; 0: no limit. */
  readonly maxMemory: number;
}

/** How the gateways of other nodes are spoken to. */
export interface InnerOptions {
  /** '' when there is none. */
  readonly secretKey: string;
  /** Milliseconds. */
  readonly pingInterval: number;
  readonly tls: InnerTls | undefined;
  /** This run of the node: tells it from another node of the same name. */
  readonly instance: string;
}

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
  readonly pending: number;
  readonly lost: number;
  readonly waitingBytes: number;
  readonly waitingFor: number;
  readonly restarts: number;
  readonly lastExit: string | null;
  /** Of all its threads; undefined when none has used a database. */
  readonly database: DatabaseCounts | undefined;
}

/** What a thread gets beyond its timeouts before it is ended by force: to answer at all. */
const GRACE = 1000;

/** Threads of one slot that live at once: one serves, the others finish what they began. */
const MOST_THREADS = 16;

const STOPPING = 'the node is stopping';

/**
 * A worker's place: its link outlives the threads that serve it one after another, so that events wait while there is none.
 */
export class Slot {
  readonly link: SlotLink;
  /** Its ways to the gateways. */
  readonly links: LinkSet;
  readonly #number: number;
  readonly #context: SlotContext;
  #bundle: EventsBundle;
  #serving: Generation | undefined;
  /** Clients whose events wait until a handler in an older thread is done, and which thread that is. */
  readonly #pending = new Map<string, Generation>();
  /** Threads that live, whether they serve or not. */
  readonly #living = new Set<Generation>();
  readonly #monitor: SlotMonitor;
  /** The takeover that is going on, or the last one: they come one after another. */
  #takeovers: Promise<void> = Promise.resolve();
  /** The thread that is about to be given the events. */
  #successor: Generation | undefined;
  /** For a thread that died. */
  readonly #replacement: Replacement;
  /** The thread that is being started in place of one that died. */
  #substitute: Generation | undefined;
  /** Why there is no thread that serves. */
  #lastFailure: string | undefined;
  #restarts = 0;
  /** When its threads have to be done, once it is to stop. */
  #deadline: number | undefined;
  /** Whether that time is over: no further thread is started. */
  #over = false;
  #shrinking = false;
  /** A thread that was above maxMemory from its start. */
  #oversized: Generation | undefined;
  /** Of the threads that are gone. */
  #past = { handled: 0, errors: 0, lost: 0 };
  #pastDatabases: DatabaseCounts | undefined;
  #lastExit: string | null = null;

  constructor(number: number, bundle: EventsBundle, context: SlotContext) {
    this.#number = number;
    this.#bundle = bundle;
    this.#context = context;
    const { task, log, clock, doorbell, eventBufferSize, commandBufferSize, inner } = context;
    const name = `${task.node}:${number}`;
    const onError = (error: Error): void =>
      log.error({ worker: number, err: error }, `a command failed: ${error.message}`);
    this.link = new SlotLink({ name, doorbell, eventBufferSize, commandBufferSize, onError });
    this.links = new LinkSet(this.link, {
      localGateway: context.localGateway,
      introduction: {
        workerKey: name,
        secretKey: inner.secretKey,
        features: [NODE_FEATURE, ENDED_FEATURE],
        instance: inner.instance,
      },
      tls: inner.tls,
      pingInterval: inner.pingInterval,
      bufferSize: commandBufferSize,
      clock,
      onError,
      onChange: () => {
        for (const generation of this.#living) generation.showGateways(this.links.gateways);
      },
      onBroken: (link, error) => this.#reportBroken(link, error),
      onUnreached: ({ status: { address } }, error) =>
        log.warn(
          { worker: number, gateway: address },
          `worker ${number} cannot reach a gateway: ${error.message}`,
        ),
      onReached: ({ status: { address, node } }) =>
        log.info(
          { worker: number, gateway: address, gatewayNode: node },
          `worker ${number} has reached the gateway ${address}`,
        ),
    });
    this.#monitor = new SlotMonitor(this, context.clock, () => this.#watchMemory());
    this.#replacement = new Replacement({
      clock,
      wanted: () => this.#wanted,
      attempt: async () => await this.#replace(),
      onFailed: (error, pause) => {
        this.#lastFailure = error.message;
        log.error({ worker: number, err: error }, `a worker cannot be replaced; next attempt in ${pause} ms`);
      },
    });
  }

  /** Events handled so far, by all its threads. */
  get handled(): number {
    return sum(this.#living, ({ gauge }) => gauge.done) + this.#past.handled;
  }

  /** As {@link SlotLink.flow}. */
  get flow(): SlotLink['flow'] {
    return this.link.flow;
  }

  /** How it is. */
  status(): SlotStatus {
    const gauge = this.#serving?.gauge;
    return {
      name: this.link.name,
      slot: this.#number,
      state: gauge === undefined ? 'down' : 'serving',
      thread: gauge?.thread ?? null,
      memory: { heapUsed: gauge?.heap ?? 0, external: gauge?.external ?? 0 },
      handled: this.handled,
      perSecond: this.#monitor.perSecond,
      errors: sum(this.#living, (generation) => generation.gauge.errors) + this.#past.errors,
      pending: sum(this.#living, (generation) => generation.gauge.pending),
      lost: this.#past.lost,
      waitingBytes: this.link.bufferedBytes,
      waitingFor: this.#monitor.waitingFor,
      restarts: this.#restarts,
      lastExit: this.#lastExit,
      database: sumOfCounts([
        this.#pastDatabases,
        ...Array.from(this.#living, ({ gauge: one }) => one.databases),
      ]),
    };
  }

  /**
   * Starts the slot's first thread; resolves when it takes events.
   *
   * @throws GW_EVENTS_INVALID, GW_EVENTS_START, GW_START_TIMEOUT, GW_WORKER_DIED
   */
  async start(): Promise<void> {
    const first = await this.launch(this.#bundle);
    await first.ready;
    this.#handOver(first);
  }

  /**
   * Starts a thread that is to take over once it is ready: it loads the code and runs onWorkerStart, beside the one that
   * serves.
   *
   * @throws GW_EVENTS_COMPILE when the code cannot be written, GW_CONTROL when the slot stops, or has too many threads
   */
  async launch(bundle: EventsBundle): Promise<Generation> {
    if (this.#living.size >= MOST_THREADS) throw tooMany(this.#number);
    const next = await this.#launch(bundle);
    if (this.#stopping) next.abort(STOPPING);
    return next;
  }

  async #launch(bundle: EventsBundle): Promise<Generation> {
    const { startThread, task, clock, log, writeLine, startTimeout } = this.#context;
    await bundle.write();
    if (this.#over) throw stopping();
    const generation: Generation = new Generation({
      startThread,
      memory: this.link.attach(),
      bundle,
      task: { ...task, slot: this.#number, gateways: this.links.gateways },
      startTimeout,
      clock,
      log,
      writeLine,
      onReleased: (clientId) => this.#released(generation, clientId),
    });
    this.#living.add(generation);
    void generation.ended.then((error) => this.#ended(generation, error));
    return generation;
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
    const done = this.#takeovers.then(async () => await this.#takeOver(next, timeout, instead));
    // one that fails is no concern of those after it
    this.#takeovers = done.catch(() => {});
    await done;
  }

  /** The node is about to stop: a thread that is missing is started now or never. */
  hurry(): void {
    this.#replacement.hurry();
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
    await withinTime(clock, timeout, this.links.leave());
    await this.#end(deadline);
    this.#reportLeft();
    await this.links.close(Math.max(GRACE, deadline - clock.now()));
    this.link.destroy();
  }

  get #stopping(): boolean {
    return this.#deadline !== undefined;
  }

  /** Milliseconds until the threads have to be done. */
  get #left(): number {
    return Math.max(0, (this.#deadline ?? Infinity) - this.#context.clock.now());
  }

  /** Whether there are events that no thread has begun. */
  get #waiting(): boolean {
    return this.link.bufferedBytes > 0 || this.link.parked > 0;
  }

  /** Whether a thread is missing: while the slot stops, only for events that wait. */
  get #wanted(): boolean {
    return this.#serving === undefined && !this.#over && (!this.#stopping || this.#waiting);
  }

  async #end(deadline: number): Promise<void> {
    this.#deadline = deadline;
    this.#monitor.close();
    const needed = [this.#serving, this.#successor, this.#waiting ? this.#substitute : undefined];
    for (const generation of this.#living) {
      if (generation.retiring || needed.includes(generation)) this.#endWithin(generation, this.#left);
      else generation.abort(STOPPING);
    }
    // events that one thread has left are the other's to handle
    await this.#takeovers;
    this.link.endEvents();
    // those that are finishing what they began have as long as the one that serves
    for (const generation of this.#living) {
      if (generation.retiring || generation === this.#serving) generation.stop(this.#left);
    }
    const late = this.#context.clock.setTimeout(() => this.#giveUp(), this.#left);
    this.#replacement.begin();
    do {
      await this.#replacement.settled;
      await Promise.all(Array.from(this.#living, (generation) => generation.ended));
      // one of them may have died instead, and left events
    } while (this.#replacement.running);
    late.cancel();
    this.#over = true;
  }

  /** The time to stop is over: events that have no thread by now are lost. */
  #giveUp(): void {
    this.#over = true;
    this.#substitute?.abort(STOPPING);
    this.hurry();
  }

  async #takeOver(next: Generation, timeout: number, instead: Generation | undefined): Promise<void> {
    const old = this.#serving;
    if (this.#stopping || (instead !== undefined && instead !== old)) {
      next.abort(STOPPING);
      if (this.#stopping) throw stopping();
      return;
    }
    // before the old one has left anything
    if (next.died !== undefined) throw next.died;
    this.#successor = next;
    if (old !== undefined) {
      this.#endWithin(old, timeout + this.#context.stopTimeout);
      const pending = await old.retire(timeout);
      // one that has died meanwhile is busy with nobody
      if (this.#living.has(old)) for (const clientId of pending) this.#pending.set(clientId, old);
      this.#serving = undefined;
    }
    this.#successor = undefined;
    try {
      this.#handOver(next);
      this.#bundle = next.bundle;
    } catch (error) {
      this.#unserved();
      this.#replacement.begin();
      throw error;
    }
  }

  /** @throws GW_WORKER_DIED when it is ready, and dead */
  #handOver(generation: Generation): void {
    if (generation.died !== undefined) throw generation.died;
    this.#serving = generation;
    this.#lastFailure = undefined;
    this.#checkSize(generation);
    generation.serve(this.link.serveBy(generation.number), [...this.#pending.keys()]);
    this.links.announce();
    if (this.#stopping) {
      this.#endWithin(generation, this.#left);
      generation.stop(this.#left);
    }
    // nobody is missing any more
    this.hurry();
  }

  /** No thread takes events for now: they wait. */
  #unserved(): void {
    this.link.unserved();
    this.links.announce();
  }

  /** Ends a thread that has been told to end by force, should it not do so by itself. */
  #endWithin(generation: Generation, timeout: number): void {
    const timer = this.#context.clock.setTimeout(() => generation.abort(), timeout + GRACE);
    void generation.ended.then(() => timer.cancel());
  }

  /** A handler that was pending in an older thread is done: what it sent is delivered before the client's next event. */
  #released(generation: Generation, clientId: string): void {
    if (this.#pending.get(clientId) !== generation) return;
    this.link.drain(generation.number);
    this.#pending.delete(clientId);
    this.#serving?.release(clientId);
  }

  #ended(generation: Generation, error: Error | undefined): void {
    this.link.detach(generation.number);
    this.#living.delete(generation);
    const { gauge } = generation;
    this.#past.handled += gauge.done;
    this.#past.errors += gauge.errors;
    this.#past.lost += gauge.unfinished;
    const { databases } = gauge;
    // its connections went with it
    const gone = databases && { ...databases, open: 0, busy: 0, waiting: 0 };
    this.#pastDatabases = sumOfCounts([this.#pastDatabases, gone]);
    if (gauge.unfinished > 0) this.#reportLost(generation);
    for (const [clientId, owner] of this.#pending) {
      if (owner === generation) this.#released(generation, clientId);
    }
    if (generation !== this.#serving) return;
    this.#serving = undefined;
    // in good order, or by force since its time was over
    if (this.#stopping && (error === undefined || this.#left === 0)) return;
    this.#unserved();
    if (generation.retiring) return;
    this.#lastExit = generation.stuck ?? (error && messageOf(error)) ?? 'it ended by itself';
    this.#lastFailure = this.#lastExit;
    this.#context.log.error(
      { worker: this.#number, err: error },
      `worker ${this.#number} died: ${this.#lastExit}; it is replaced`,
    );
    this.#replacement.begin();
  }

  /** A gateway that nobody names any more was stopped: no fault, and not dialled again. */
  #reportBroken({ wanted, status: { address, node } }: GatewayDialler, error: Error): void {
    const { log } = this.#context;
    const worker = this.#number;
    const fields = { worker, gateway: address, gatewayNode: node };
    if (wanted) {
      log.warn(
        { ...fields, err: error },
        `worker ${worker} has lost the gateway ${address}: ${error.message}; it is dialled again`,
      );
    } else {
      log.info(fields, `the gateway ${address} has left`);
    }
  }

  /** Events that no thread had the time for, or that had no thread, are lost with the slot. */
  #reportLeft(): void {
    const { bufferedBytes, parked } = this.link;
    if (!this.#waiting) return;
    const worker = this.#number;
    const why =
      this.#lastFailure === undefined
        ? 'worker.stopTimeout was too short for them; a graceful stop waits longer'
        : `no thread could be started for them in time: ${this.#lastFailure}`;
    this.#context.log.warn(
      { worker, bytes: bufferedBytes, parked },
      `worker ${worker} has stopped with ${bufferedBytes} bytes of events waiting${parked > 0 ? ` and ${parked} set aside` : ''}: they are lost, since ${why}`,
    );
  }

  /** Names the events that the thread had begun and not done: they are not handled again, lest one of them killed it. */
  #reportLost({ gauge }: Generation): void {
    const events = gauge.events.map(
      ({ command, localIp, localPort, connectionId }) =>
        `${eventName(command)} of ${formatClientId(localIp, localPort, connectionId)}`,
    );
    this.#context.log.warn(
      { worker: this.#number, lost: gauge.unfinished, events },
      `${gauge.unfinished} event${gauge.unfinished === 1 ? '' : 's'} that a thread had begun ${gauge.unfinished === 1 ? 'is' : 'are'} not done: ${events.slice(0, 3).join(', ')}${events.length > 3 ? ', …' : ''}`,
    );
  }

  /** A thread that is above maxMemory before its first event is not replaced for that: the next one would be no smaller. */
  #checkSize({ gauge: { heap, external } }: Generation): void {
    const { maxMemory, log } = this.#context;
    if (maxMemory === 0 || heap + external <= maxMemory) return;
    this.#oversized = this.#serving;
    log.warn(
      { worker: this.#number, heap, external, maxMemory },
      `worker ${this.#number} takes ${heap + external} bytes before its first event: maxMemory is too small for this code, and this thread is left alone`,
    );
  }

  /** Replaces a thread that has grown too large, before it takes the whole process down. */
  #watchMemory(): void {
    const serving = this.#serving;
    const { maxMemory, log } = this.#context;
    if (serving === undefined || maxMemory === 0 || this.#shrinking || this.#stopping) return;
    const { heap, external } = serving.gauge;
    if (heap + external <= maxMemory || this.#oversized === serving) return;
    this.#shrinking = true;
    log.warn(
      { worker: this.#number, heap, external, maxMemory },
      `worker ${this.#number} takes ${heap + external} bytes, more than maxMemory; it is replaced`,
    );
    this.#shrink(serving)
      .catch((error: unknown) => {
        log.error({ worker: this.#number, err: error }, 'a worker that is too large cannot be replaced');
      })
      .finally(() => (this.#shrinking = false));
  }

  async #shrink(serving: Generation): Promise<void> {
    const next = await this.launch(serving.bundle);
    await next.ready;
    await this.takeOver(next, this.#context.stopTimeout, serving);
  }

  /** One attempt to put a new thread in the place of one that died. */
  async #replace(): Promise<void> {
    const next = await this.#launch(this.#bundle);
    if (!this.#wanted) next.abort();
    this.#substitute = next;
    try {
      await next.ready;
    } finally {
      this.#substitute = undefined;
    }
    // a reload may have put another one there meanwhile
    if (this.#serving !== undefined) {
      next.abort();
      return;
    }
    this.#handOver(next);
    this.#restarts++;
  }
}

function tooMany(number: number): GatewayError {
  return new GatewayError(
    'GW_CONTROL',
    `Worker ${number} has ${MOST_THREADS} threads that still finish handlers of older code: expected fewer. Reload again when some of them are done.`,
  );
}

function stopping(): GatewayError {
  return new GatewayError('GW_CONTROL', `A worker takes no new code: ${STOPPING}.`);
}

function sum(generations: Iterable<Generation>, value: (generation: Generation) => number): number {
  let total = 0;
  for (const generation of generations) total += value(generation);
  return total;
}
