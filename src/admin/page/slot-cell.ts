import type { SlotThread } from '../../ops/requests/live.js';
import type { WorkerStatus } from '../../ops/requests/status.js';
import { el, setAttribute, setText } from './dom.js';
import { words } from './language.js';
import { bytes, rate } from './quantity.js';

/** Milliseconds that a takeover is shown after it is done: it takes less than the time between two samples. */
const NEWS = 8000;
/** Milliseconds that the oldest event may wait until the cell warns, and alarms. */
const SLOW = 500;
const BAD = 5000;

/** A worker's place on the map: who serves it, what it does, and what waits for it. */
export class SlotCell {
  readonly element: HTMLElement;
  readonly #name = el('strong');
  readonly #events = el('span');
  readonly #queue = el('span', { class: 'queue' });
  readonly #thread = el('span', { class: 'thread' });
  /** The thread that served last, and the one before with the time of its end. */
  #serving: number | undefined;
  #older: number | undefined;
  #takenAt = Number.NEGATIVE_INFINITY;

  constructor() {
    this.element = el('li', { class: 'slot' }, this.#name, this.#events, this.#queue, this.#thread);
  }

  update(worker: WorkerStatus, threads: readonly SlotThread[], time: number): void {
    const w = words();
    const serving = threads.find(({ role }) => role === 'serving')?.thread;
    if (serving !== undefined && serving !== this.#serving) {
      if (this.#serving !== undefined) {
        this.#older = this.#serving;
        this.#takenAt = time;
      }
      this.#serving = serving;
    }
    const starting = threads.findLast(({ role }) => role === 'starting')?.thread;
    const finishing = threads.filter(({ role }) => role === 'finishing').length;
    const news = time - this.#takenAt < NEWS;
    const { slot, state, waitingFor, waitingBytes, perSecond, clients } = worker;
    setText(this.#name, w.worker(slot));
    setText(this.#events, `${rate(perSecond)} ${w.eventsPerSecond} · ${w.clientsHere(clients)}`);
    setText(this.#queue, waitingBytes < 1 ? w.queueOf(0, 0) : w.queueOf(waitingBytes, waitingFor));
    setText(this.#thread, this.#threads(serving, starting, finishing, news));
    const level = state === 'down' || waitingFor >= BAD ? 'bad' : waitingFor >= SLOW ? 'slow' : 'fine';
    setAttribute(this.element, 'data-level', level);
    setAttribute(
      this.element,
      'data-takeover',
      starting !== undefined && serving !== undefined ? 'now' : news ? 'done' : '',
    );
    setAttribute(this.element, 'title', bytes(worker.memory.heapUsed + worker.memory.external));
  }

  #threads(
    serving: number | undefined,
    starting: number | undefined,
    finishing: number,
    news: boolean,
  ): string {
    const w = words();
    const rest = finishing > 0 ? `; ${w.finishing(finishing)}` : '';
    if (serving === undefined) return starting === undefined ? w.threadOf(null) : w.startingThread;
    if (starting !== undefined) return w.takingOver(serving, starting) + rest;
    if (news && this.#older !== undefined) return w.tookOver(this.#older, serving) + rest;
    return w.threadOf(serving) + rest;
  }
}
