import { setTimeout as sleep } from 'node:timers/promises';
import { type ChaosWire, type ConnectWire, plainWire } from './chaos-wires.js';
import { LIMIT } from './inbox.js';

/** What the handler of a message does: see test/fixtures/events/chaos. */
export type MessageKind =
  | 'sync'
  | 'async'
  | 'query'
  | 'hold'
  | 'fail'
  | 'reject'
  | 'exit'
  | 'exit-later'
  | 'uncaught'
  | 'loop';

/** Milliseconds after which a fence is sent again for the first time; then after twice as long. */
const AGAIN = 2000;

/** A client that numbers its messages, and watches what comes back. */
export class ChaosClient {
  readonly index: number;
  sent = 0;
  answered = 0;
  doubled = 0;
  reordered = 0;
  /** Answers that are not what was asked, or whose count of messages the session has got wrong. */
  damaged = 0;
  disconnected = false;
  /** How often a worker has greeted all clients. */
  greetings = 0;
  /** Milliseconds that each answer took, if asked for. */
  readonly latencies: number[] = [];
  /** Called for each answer. */
  onAnswer: () => void = () => {};
  /** Messages without an answer so far: when they were sent, and what they carried. */
  readonly #waiting = new Map<number, { readonly at: number; readonly rest: string }>();
  #last = -1;
  readonly #wire: ChaosWire;
  /** Whether every message is expected to be handled: the session's counts tell. */
  readonly #exact: boolean;
  #onFence: (() => void) | undefined;

  private constructor(index: number, wire: ChaosWire, exact: boolean) {
    this.index = index;
    this.#wire = wire;
    this.#exact = exact;
    wire.onMessage = (message) => this.#receive(message);
    wire.onClose = () => (this.disconnected = true);
  }

  static async connect(
    url: string,
    index: number,
    exact: boolean,
    connect: ConnectWire = plainWire,
  ): Promise<ChaosClient> {
    return new ChaosClient(index, await connect(url, index), exact);
  }

  /** Messages without an answer. */
  get unanswered(): number[] {
    return [...this.#waiting.keys()];
  }

  /** @param rest what the answer has to carry back */
  send(kind: MessageKind, rest = ''): void {
    const number = this.sent++;
    this.#waiting.set(number, { at: performance.now(), rest });
    this.#wire.send(number, `${this.index} ${number} ${kind} ${rest}`);
  }

  /** Sends one more message and resolves with its answer: by then all that were sent are handled, or lost. */
  async fence(): Promise<void> {
    const number = this.sent;
    const passed = new Promise<true>((resolve) => (this.#onFence = () => resolve(true)));
    for (let waited = 0, pause = AGAIN; waited < LIMIT; waited += pause, pause *= 2) {
      // it can be lost itself
      this.send('sync');
      if (await Promise.race([passed, sleep(pause, false, { ref: false })])) return;
    }
    throw new Error(
      `client ${this.index}${this.disconnected ? ' (disconnected)' : ''}: no answer to message ${number} or later; unanswered: ${this.unanswered.slice(0, 20).join(' ')}`,
    );
  }

  async close(): Promise<void> {
    if (!this.disconnected) await this.#wire.close();
  }

  #receive(message: string): void {
    if (message.startsWith('!')) {
      this.greetings++;
      return;
    }
    const [number, count] = message.slice(0, 40).split(' ', 2).map(Number);
    const asked = this.#waiting.get(number);
    if (asked === undefined) {
      this.doubled++;
      return;
    }
    this.#waiting.delete(number);
    this.answered++;
    this.onAnswer();
    this.latencies.push(performance.now() - asked.at);
    if (message.length !== `${number} ${count} `.length + asked.rest.length) this.damaged++;
    else if (!message.endsWith(asked.rest)) this.damaged++;
    else if (this.#exact && count !== number + 1) this.damaged++;
    if (number < this.#last) this.reordered++;
    else this.#last = number;
    // of several fences the last: one before it may have been slow, and not lost
    if (number === this.sent - 1) this.#onFence?.();
  }
}
