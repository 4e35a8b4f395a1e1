import { setImmediate as turn } from 'node:timers/promises';
import { messageOf } from '../base/error-text.js';
import type { Clock, Timer } from '../base/clock.js';
import type { Exchange } from './exchange.js';
import { Refusal } from './refusal.js';
import type { AdminNode } from './route.js';

/** Milliseconds between two samples. */
const PERIOD = 1000;
/** Who may watch at once. */
const MAX_WATCHERS = 32;
/** Bytes that may wait for a watcher: one that reads more slowly is cut off, and comes again if it is still there. */
const MAX_WAITING = 1024 * 1024;
/** Milliseconds after which a page asks again whose connection has broken. */
const RETRY = 2000;

const HEADERS = { 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no' };

/**
 * How the node is, once a second, as server-sent events, for as long as anybody watches. It is asked for once, however many
 * do; while it cannot be said, an event `trouble` says why.
 */
export class LiveFeed {
  readonly #node: AdminNode;
  readonly #clock: Clock;
  readonly #watchers = new Set<Exchange>();
  #timer: Timer | undefined;
  #asking = false;

  constructor(node: AdminNode, clock: Clock) {
    this.#node = node;
    this.#clock = clock;
  }

  /** @param about what a page has to know of this listener. @throws Refusal when too many watch already */
  watch(exchange: Exchange, about: { readonly readOnly: boolean }): void {
    if (this.#watchers.size >= MAX_WATCHERS) {
      throw new Refusal(503, `${MAX_WATCHERS} pages watch this node already: expected fewer. Close one.`);
    }
    const { request, response } = exchange;
    response.writeHead(200, HEADERS);
    if (request.method === 'HEAD') {
      response.end();
      return;
    }
    response.write(`retry: ${RETRY}\nevent: about\ndata: ${JSON.stringify(about)}\n\n`);
    this.#watchers.add(exchange);
    response.once('close', () => this.#leave(exchange));
    this.#timer ??= this.#clock.setInterval(() => void this.#sample(), PERIOD);
    // who comes need not wait for the first figures
    void this.#sample();
  }

  #leave(exchange: Exchange): void {
    this.#watchers.delete(exchange);
    if (this.#watchers.size > 0) return;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  async #sample(): Promise<void> {
    // a group whose node stands still takes longer than a second
    if (this.#asking) return;
    this.#asking = true;
    // all who come in one turn of the event loop are told the same
    await turn();
    this.#tell(await this.#ask());
    this.#asking = false;
  }

  async #ask(): Promise<string> {
    try {
      const sample = await this.#node.answer({ command: 'live' });
      return `data: ${JSON.stringify(sample)}\n\n`;
    } catch (error) {
      const trouble = { phase: this.#node.phase, message: messageOf(error) };
      return `event: trouble\ndata: ${JSON.stringify(trouble)}\n\n`;
    }
  }

  #tell(event: string): void {
    for (const { response } of this.#watchers) {
      if (response.writableLength > MAX_WAITING) response.destroy();
      else response.write(event);
    }
  }
}
