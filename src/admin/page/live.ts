import type { LiveSample } from '../../ops/requests/live.js';
import { isKnown } from './ask.js';
import { History } from './history.js';
import { Tally } from './tally.js';

/** Milliseconds without a sample after which the page says so. */
const SILENCE = 6000;
/** Milliseconds until it is tried again. */
const RETRY = 2000;

/** What the listener says of itself before the first sample. */
interface About {
  readonly readOnly: boolean;
}

/** How the node is, as it comes. */
export class Live {
  sample: LiveSample | undefined;
  readonly history = new History();
  readonly tally = new Tally();
  /** Why there are no samples now: '' while they come. */
  trouble = '';
  readOnly = true;
  readonly #listeners = new Set<() => void>();
  #source: EventSource | undefined;
  #watch: ReturnType<typeof setTimeout> | undefined;
  readonly #silent: () => string;

  /** @param silent what is said while the node says nothing */
  constructor(silent: () => string) {
    this.#silent = silent;
  }

  open(): void {
    this.#source?.close();
    const source = new EventSource('/api/live');
    this.#source = source;
    source.addEventListener('about', ({ data }) => {
      ({ readOnly: this.readOnly } = JSON.parse(data) as About);
    });
    source.addEventListener('message', ({ data }) => {
      this.sample = JSON.parse(data) as LiveSample;
      this.history.add(this.sample);
      this.tally.add(this.sample);
      this.#tell('');
    });
    source.addEventListener('trouble', ({ data }) => {
      this.#tell((JSON.parse(data) as { message: string }).message);
    });
    source.addEventListener('error', () => {
      // a browser does not come again by itself where it was refused
      if (source.readyState === EventSource.CLOSED) setTimeout(() => void this.#reopen(source), RETRY);
      this.#tell(this.#silent());
    });
    this.#await();
  }

  close(): void {
    this.#source?.close();
    this.#source = undefined;
    clearTimeout(this.#watch);
  }

  /** @returns ends it */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** After a node was started anew, it does not know this page any more. */
  async #reopen(refused: EventSource): Promise<void> {
    const known = await isKnown();
    if (known && this.#source === refused) this.open();
  }

  #tell(trouble: string): void {
    this.trouble = trouble;
    this.#await();
    for (const listener of this.#listeners) listener();
  }

  #await(): void {
    clearTimeout(this.#watch);
    this.#watch = setTimeout(() => this.#tell(this.#silent()), SILENCE);
  }
}
