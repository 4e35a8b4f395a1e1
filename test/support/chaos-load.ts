import assert from 'node:assert/strict';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { TestContext } from 'node:test';
import { ChaosClient, type MessageKind } from './chaos-client.js';
import type { ChaosBoard } from './chaos-board.js';
import type { ConnectWire } from './chaos-wires.js';

/** Milliseconds between two rounds of sending. */
const ROUND = 10;

/** What became of the messages. */
export interface ChaosSummary {
  readonly sent: number;
  readonly lost: number;
  readonly doubled: number;
  readonly reordered: number;
  readonly damaged: number;
  readonly disconnected: number;
}

export interface ChaosLoadOptions {
  readonly url: string;
  readonly clients: number;
  /** Messages per second and client. */
  readonly rate: number;
  /** Whether no message may be lost, so that sessions count exactly. */
  readonly exact?: boolean;
  /** What the next message is; `async` unless this says otherwise. */
  readonly kind?: () => MessageKind;
  /** They are clients of plain websockets unless this makes others of them. */
  readonly connect?: ConnectWire;
}

/** Clients that all send numbered messages, evenly, at a rate that does not depend on the answers. */
export class ChaosLoad {
  readonly clients: readonly ChaosClient[];
  readonly #options: ChaosLoadOptions;
  readonly #lag = monitorEventLoopDelay({ resolution: 5 });
  #timer: NodeJS.Timeout | undefined;
  #answered = 0;
  #onServed: { readonly until: number; readonly resolve: () => void } | undefined;

  private constructor(options: ChaosLoadOptions, clients: readonly ChaosClient[]) {
    this.#options = options;
    this.clients = clients;
    for (const client of clients) {
      client.onAnswer = () => {
        this.#answered++;
        if (this.#onServed !== undefined && this.#answered >= this.#onServed.until) this.#onServed.resolve();
      };
    }
  }

  static async connect(options: ChaosLoadOptions): Promise<ChaosLoad> {
    const { url, clients, exact = false, connect } = options;
    const connecting = Array.from({ length: clients }, (_, index) =>
      ChaosClient.connect(url, index, exact, connect),
    );
    return new ChaosLoad(options, await Promise.all(connecting));
  }

  /** As {@link connect}, and closes when the test ends. */
  static async open(t: TestContext, options: ChaosLoadOptions): Promise<ChaosLoad> {
    const load = await ChaosLoad.connect(options);
    t.after(() => load.close());
    return load;
  }

  start(): void {
    const { rate, kind = () => 'async' } = this.#options;
    const perMillisecond = (rate * this.clients.length) / 1000;
    const began = performance.now();
    let next = 0;
    this.#lag.enable();
    this.#timer = setInterval(() => {
      for (const due = (performance.now() - began) * perMillisecond; next < due; next++) {
        this.clients[next % this.clients.length].send(kind());
      }
    }, ROUND);
  }

  /** Resolves when so many further messages are answered: the load has gone on for so long, however fast the machine is. */
  async served(messages: number): Promise<void> {
    await new Promise<void>((resolve) => (this.#onServed = { until: this.#answered + messages, resolve }));
    this.#onServed = undefined;
  }

  /** Sends no more, and resolves when every message has been handled or lost. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#lag.disable();
    await Promise.all(this.clients.map(async (client) => await client.fence()));
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.clients.map(async (client) => await client.close()));
  }

  /** How long this process's own event loop was late at worst, in milliseconds: latencies are no better than that. */
  get worstLag(): number {
    return this.#lag.max / 1e6;
  }

  /** Milliseconds that a share (0 to 1) of the answers took at most. */
  latency(share: number): number {
    const sorted = this.clients.flatMap(({ latencies }) => latencies).toSorted((a, b) => a - b);
    return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  }

  get summary(): ChaosSummary {
    const sum = (value: (client: ChaosClient) => number): number =>
      this.clients.reduce((total, client) => total + value(client), 0);
    return {
      sent: sum(({ sent }) => sent),
      lost: sum(({ unanswered }) => unanswered.length),
      doubled: sum(({ doubled }) => doubled),
      reordered: sum(({ reordered }) => reordered),
      damaged: sum(({ damaged }) => damaged),
      disconnected: sum(({ disconnected }) => Number(disconnected)),
    };
  }

  /** Checks that every message was handled, once and in order, and that more than so many were sent. */
  checkFaultless(least: number): void {
    const { sent, ...faults } = this.summary;
    assert.deepEqual(faults, { lost: 0, doubled: 0, reordered: 0, damaged: 0, disconnected: 0 });
    assert.ok(sent > least, `${sent} messages were sent`);
  }

  /**
   * Compares with what the handlers wrote down: one of them has begun with every message, and only one.
   *
   * @returns how many messages were not done when their thread died, and how many were and have no answer all the same
   */
  check(board: ChaosBoard): { readonly cutOff: number; readonly muted: number } {
    let cutOff = 0;
    let muted = 0;
    for (const { index, sent, unanswered } of this.clients) {
      const lost = new Set(unanswered);
      for (let n = 0; n < sent; n++) {
        const begun = board.begun(index, n);
        assert.equal(begun, 1, `handlers began ${begun} times with message ${n} of client ${index}`);
        if (board.ended(index, n) === 0) cutOff++;
        else if (lost.has(n)) muted++;
      }
    }
    return { cutOff, muted };
  }
}
