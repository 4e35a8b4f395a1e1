import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { ChaosBoard } from './chaos-board.js';
import type { ChaosClient, MessageKind } from './chaos-client.js';
import { ChaosLoad, type ChaosSummary } from './chaos-load.js';
import { ChaosNode } from './chaos-node.js';
import { LIMIT } from './inbox.js';
import { SeededRandom } from './random.js';
import { WsClient } from './ws-client.js';

const KIBIBYTE = 1024;
const MEBIBYTE = 1024 * KIBIBYTE;
const WORK: readonly MessageKind[] = ['sync', 'async', 'async', 'query', 'fail', 'reject'];
const WAYS_TO_DIE: readonly MessageKind[] = ['exit', 'exit-later', 'uncaught', 'loop'];
/** Seconds. Handlers of `hold` take less than a third of it. */
const PROCESS_TIMEOUT = 2;
/** Milliseconds between two incidents. */
const LEAST_PAUSE = 100;
const PAUSES = 500;

export interface ChaosStormOptions {
  readonly seed: number;
  readonly seconds: number;
  readonly clients: number;
  /** Messages per second and client. */
  readonly rate: number;
}

/** What has happened so far. */
export interface StormReport extends ChaosSummary {
  readonly reloads: number;
  readonly deaths: number;
  /** Events that the node counts as begun and not done. */
  readonly counted: number;
  readonly slowClients: number;
}

/** Everything at once, in an order that a seed fixes: load, reloads, dying and blocked workers, full rings, slow clients, long messages. */
export class ChaosStorm {
  readonly #options: ChaosStormOptions;
  readonly #random: SeededRandom;
  readonly #board: ChaosBoard;
  readonly #chaos: ChaosNode;
  readonly #load: ChaosLoad;
  readonly #reloads: Promise<void>[] = [];
  readonly #slow: WsClient[] = [];

  private constructor(
    options: ChaosStormOptions,
    parts: { random: SeededRandom; board: ChaosBoard; chaos: ChaosNode; load: ChaosLoad },
  ) {
    this.#options = options;
    this.#random = parts.random;
    this.#board = parts.board;
    this.#chaos = parts.chaos;
    this.#load = parts.load;
  }

  static async start(options: ChaosStormOptions): Promise<ChaosStorm> {
    const { seed, seconds, clients, rate } = options;
    const random = new SeededRandom(seed);
    // beside the even load there are bursts; slow clients share one more row
    const board = ChaosBoard.create(clients + 1, Math.ceil(rate * seconds * 2) + 10_000);
    const chaos = await ChaosNode.start({
      gateway: { sendToWorkerBufferSize: 64 * KIBIBYTE, sendToClientBufferSize: 4 * MEBIBYTE },
      worker: { processTimeout: PROCESS_TIMEOUT },
    });
    const kind = (): MessageKind => random.pick(WORK);
    const load = await ChaosLoad.connect({ url: chaos.url, clients, rate, kind });
    return new ChaosStorm(options, { random, board, chaos, load });
  }

  get report(): StormReport {
    const { reloads, counters } = this.#chaos.node.status();
    return {
      ...this.#load.summary,
      reloads,
      deaths: this.#chaos.deaths,
      counted: this.#chaos.lost,
      slowClients: counters.slowClients,
    };
  }

  /** Lets it rage, and resolves when every message has been handled or lost. */
  async rage(): Promise<void> {
    this.#load.start();
    const incidents: readonly (() => unknown)[] = [
      () => this.#reloads.push(this.#chaos.node.reload(false)),
      () => this.#someone().send(this.#random.pick(WAYS_TO_DIE)),
      () =>
        this.#several(10, (client) => client.send('hold', String(this.#random.below(PROCESS_TIMEOUT * 300)))),
      () => this.#several(5, (client) => this.#burst(client, 100, 2 * KIBIBYTE)),
      () => this.#several(3, (client) => this.#burst(client, 1, 400 * KIBIBYTE)),
      async () => await this.#slowClient(),
    ];
    const end = performance.now() + this.#options.seconds * 1000;
    while (performance.now() < end) {
      await sleep(LEAST_PAUSE + this.#random.below(PAUSES));
      await this.#random.pick(incidents)();
    }
    await this.#load.stop();
    await Promise.all(this.#reloads);
    const late = AbortSignal.timeout(LIMIT);
    while (this.report.slowClients < this.#slow.length && !late.aborted) await sleep(10);
  }

  /** Judges what has happened. */
  check(): void {
    const { lost, counted, doubled, reordered, damaged, disconnected, slowClients } = this.report;
    this.#load.check(this.#board);
    assert.deepEqual(
      { doubled, reordered, damaged, disconnected },
      { doubled: 0, reordered: 0, damaged: 0, disconnected: 0 },
    );
    assert.ok(lost <= counted, `${lost} messages are lost, the node counts ${counted}`);
    assert.equal(slowClients, this.#slow.length, 'clients that read nothing were closed, and no others');
  }

  async stop(): Promise<void> {
    for (const { socket } of this.#slow) socket.terminate();
    await this.#load.close();
    await this.#chaos.stop();
  }

  #someone(): ChaosClient {
    return this.#random.pick(this.#load.clients);
  }

  #several(count: number, action: (client: ChaosClient) => void): void {
    for (let n = 0; n < count; n++) action(this.#someone());
  }

  #burst(client: ChaosClient, count: number, length: number): void {
    for (let n = 0; n < count; n++)
      client.send(this.#random.pick(WORK), `${client.sent}.`.padEnd(length, 'burst'));
  }

  /** A client that asks for much and reads nothing: it is closed, and nobody else is concerned. */
  async #slowClient(): Promise<void> {
    const client = await WsClient.connect(this.#chaos.url);
    client.socket.pause();
    // in the row of the board that nobody looks at
    const message = `${this.#load.clients.length} 0 sync ${'x'.repeat(400 * KIBIBYTE)}`;
    for (let n = 0; n < 60; n++) client.send(message);
    this.#slow.push(client);
  }
}
