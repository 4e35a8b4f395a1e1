import { messageOf } from '../base/error-text.js';
import type { CompiledEvents } from '../bundle/events-bundle.js';
import type { LinkSet } from '../cluster/link-set.js';
import type { SlotLink } from '../link/slot-link.js';
import type { Generation } from './generation.js';
import { Generations, type GenerationsOwner, STOPPING, stopping } from './generations.js';
import { PendingClients } from './pending-clients.js';
import { Replacement } from './replacement.js';
import type { SlotContext } from './slot-context.js';
import type { SlotReport } from './slot-report.js';
import { StateTransfer } from './state-transfer.js';

export interface SuccessionOptions {
  readonly slot: number;
  /** The code that the first thread runs. */
  readonly bundle: CompiledEvents;
  readonly context: SlotContext;
  readonly link: SlotLink;
  readonly links: LinkSet;
  readonly report: SlotReport;
  /** A thread is about to serve. */
  readonly onServing: (generation: Generation) => void;
}

/**
 * The threads that serve a slot one after another: one takes the place of another in a reload, or when that has died.
 * Several live at once, and one of them serves, or none for a while: then events wait.
 */
export class Succession implements GenerationsOwner {
  readonly threads: Generations;
  /** Why no thread serves; undefined when one does, or did until it was told to end. */
  lastFailure: string | undefined;
  /** How many threads have died and were replaced. */
  restarts = 0;
  /** What the last one that has died died of. */
  lastExit: string | null = null;
  readonly #options: SuccessionOptions;
  #bundle: CompiledEvents;
  #serving: Generation | undefined;
  /** Clients that older threads are still busy with. */
  readonly #pending = new PendingClients();
  readonly #transfer: StateTransfer;
  /** The takeover that is going on, or the last one: they come one after another. */
  #takeovers: Promise<void> = Promise.resolve();
  /** The thread that is about to be given the events. */
  #successor: Generation | undefined;
  /** For a thread that died. */
  readonly #replacement: Replacement;
  /** The thread that is being started in place of one that died. */
  #substitute: Generation | undefined;
  /** When the threads have to be done, once they are to end. */
  #deadline: number | undefined;

  constructor(options: SuccessionOptions) {
    this.#options = options;
    this.#bundle = options.bundle;
    const { slot, context, link, links, report } = options;
    this.threads = new Generations({ slot, context, link, gateways: () => links.gateways, report }, this);
    this.#transfer = new StateTransfer({ slot, clock: context.clock, link });
    this.#replacement = new Replacement({
      clock: context.clock,
      wanted: () => this.#wanted,
      attempt: async () => await this.#replace(),
      onFailed: (error, pause) => {
        this.lastFailure = error.message;
        report.notReplaced(error, pause);
      },
    });
  }

  /** The thread that takes events. */
  get serving(): Generation | undefined {
    return this.#serving;
  }

  /** Starts the first thread; resolves when it takes events. @throws as {@link Generation.ready} */
  async start(): Promise<void> {
    const first = await this.launch(this.#bundle);
    await first.ready;
    this.#handOver(first);
  }

  /** As {@link Slot.launch}. */
  async launch(bundle: CompiledEvents): Promise<Generation> {
    this.threads.checkRoom();
    const next = await this.threads.launch(bundle);
    if (this.#stopping) next.abort(STOPPING);
    return next;
  }

  /** As {@link Slot.takeOver}. */
  async takeOver(next: Generation, timeout: number, instead?: Generation): Promise<void> {
    const done = this.#takeovers.then(async () => await this.#takeOver(next, timeout, instead));
    // one that fails is no concern of those after it
    this.#takeovers = done.catch(() => {});
    await done;
  }

  /** A thread that is missing is started now or never. */
  hurry(): void {
    this.#replacement.hurry();
  }

  /**
   * Lets the events that wait be handled, by a thread that is still to come if there is none. Resolves when all threads have
   * ended.
   *
   * @param deadline when they have to be done: milliseconds on the clock
   */
  async end(deadline: number): Promise<void> {
    const { link, context } = this.#options;
    this.#deadline = deadline;
    const needed = [this.#serving, this.#successor, link.hasEvents ? this.#substitute : undefined];
    for (const generation of this.threads) {
      if (generation.retiring || needed.includes(generation)) generation.abortAfter(this.#left);
      else generation.abort(STOPPING);
    }
    this.#transfer.cancel(stopping());
    // events that one thread has left are the other's to handle
    await this.#takeovers;
    link.endEvents();
    // those that are finishing what they began have as long as the one that serves
    for (const generation of this.threads) {
      if (generation.retiring || generation === this.#serving) generation.stop(this.#left);
    }
    const late = context.clock.setTimeout(() => this.#giveUp(), this.#left);
    this.#replacement.begin();
    do {
      await this.#replacement.settled;
      await Promise.all(Array.from(this.threads, (generation) => generation.ended));
      // one of them may have died instead, and left events
    } while (this.#replacement.running);
    late.cancel();
    this.threads.close();
  }

  get #stopping(): boolean {
    return this.#deadline !== undefined;
  }

  /** Milliseconds until the threads have to be done. */
  get #left(): number {
    return Math.max(0, (this.#deadline ?? Infinity) - this.#options.context.clock.now());
  }

  /** Whether a thread is missing: while the slot stops, only for events that wait. */
  get #wanted(): boolean {
    return (
      this.#serving === undefined && !this.threads.closed && (!this.#stopping || this.#options.link.hasEvents)
    );
  }

  /** The time to stop is over: events that have no thread by now are lost. */
  #giveUp(): void {
    this.threads.close();
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
      await this.#transferState(old, next, timeout);
      old.abortAfter(timeout + this.#options.context.stopTimeout);
      const pending = await old.retire(timeout);
      // one that has died meanwhile is busy with nobody
      if (this.threads.has(old)) this.#pending.add(pending, old);
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

  /** @throws as StateTransfer.run: the next one is ended then, and the old one goes on */
  async #transferState(old: Generation, next: Generation, timeout: number): Promise<void> {
    try {
      await this.#transfer.run(old, next, timeout);
    } catch (error) {
      next.abort();
      this.#successor = undefined;
      // the old one may have died meanwhile
      this.#replacement.begin();
      throw error;
    }
  }

  /** @throws GW_WORKER_DIED when it is ready, and dead */
  #handOver(generation: Generation): void {
    if (generation.died !== undefined) throw generation.died;
    const { link, links, onServing } = this.#options;
    this.#serving = generation;
    this.lastFailure = undefined;
    onServing(generation);
    generation.serve(
      link.serveBy(generation.number, generation.handshakes, generation.requests),
      this.#pending.ids,
    );
    links.showState();
    if (this.#stopping) {
      generation.abortAfter(this.#left);
      generation.stop(this.#left);
    }
    // nobody is missing any more
    this.hurry();
  }

  /** No thread takes events for now: they wait. */
  #unserved(): void {
    const { link, links } = this.#options;
    link.unserved();
    links.showState();
  }

  /** One attempt to put a new thread in the place of one that died. */
  async #replace(): Promise<void> {
    const next = await this.threads.launch(this.#bundle);
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
    this.restarts++;
  }

  // ---- what the threads report ----

  /** A handler that was pending in an older thread is done: what it sent is delivered before the client's next event. */
  released(generation: Generation, clientId: string): void {
    if (!this.#pending.remove(clientId, generation)) return;
    const { link } = this.#options;
    link.drain(generation.number);
    this.#serving?.release(clientId, link.tellRoutes(clientId));
  }

  ended(generation: Generation, error: Error | undefined): void {
    for (const clientId of this.#pending.of(generation)) this.released(generation, clientId);
    if (generation !== this.#serving) return;
    this.#serving = undefined;
    // in good order, or by force since its time was over
    if (this.#stopping && (error === undefined || this.#left === 0)) return;
    this.#unserved();
    if (generation.retiring) return;
    this.lastExit = generation.stuck ?? (error && messageOf(error)) ?? 'it ended by itself';
    this.lastFailure = this.lastExit;
    this.#options.report.died(error, this.lastExit);
    // one that is about to take over does so all the same
    if (this.#successor === undefined) this.#replacement.begin();
  }
}
