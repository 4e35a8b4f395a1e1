import { failure } from '../requests/answer.js';
import type { MemberAnswer, MemberOrder, MemberReady, MemberRequest, StartOrder } from './member-protocol.js';
import type { Answerer } from '../requests/requests.js';
import { report } from '../process/node-report.js';

/** What a terminal or a service manager sends to every process of a group: the first one tells the members what to do. */
const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR2'] as const;

export interface MemberHostOptions<N> {
  readonly start: (order: StartOrder) => Promise<N>;
  readonly reopenLog: () => void;
  /** Code was compiled, and none is being compiled now. */
  readonly onBuilt: () => void;
}

/**
 * The process of a group's member: it does what the group's first process tells it. Should that die, node:cluster ends
 * this one with it.
 */
export class MemberHost<N extends Answerer & { readonly listeners: readonly string[] }> {
  readonly #options: MemberHostOptions<N>;
  /** Settles with the node's start. */
  readonly #up: Promise<N>;
  #markStopped!: () => void;
  readonly #stopped: Promise<void>;
  #onStart!: (order: StartOrder) => void;

  constructor(options: MemberHostOptions<N>) {
    this.#options = options;
    this.#stopped = new Promise((resolve) => (this.#markStopped = resolve));
    const told = new Promise<StartOrder>((resolve) => (this.#onStart = resolve));
    this.#up = told.then(async (order) => await options.start(order));
  }

  /** From start to stop. @throws GatewayError when the node does not start */
  async run(): Promise<void> {
    for (const signal of SIGNALS) process.on(signal, () => {});
    process.on('message', (order: MemberOrder) => this.#obey(order));
    await tell({ event: 'ready' });
    const node = await this.#up;
    this.#options.onBuilt();
    await report({ event: 'up', pid: process.pid, listeners: node.listeners });
    await this.#stopped;
  }

  #obey(order: MemberOrder): void {
    if ('id' in order) void this.#answer(order);
    else if (order.order === 'start') this.#onStart(order);
    else this.#options.reopenLog();
  }

  async #answer({ id, request }: MemberRequest): Promise<void> {
    const { command } = request;
    let answer: MemberAnswer['answer'];
    try {
      const result = request.command === 'ping' ? null : await (await this.#up).answer(request);
      answer = { ok: true, result };
    } catch (error) {
      answer = failure(error);
    }
    if (command === 'reload') this.#options.onBuilt();
    await tell({ id, answer });
    if (command === 'stop') this.#markStopped();
  }
}

/** Resolves when the message is on its way. */
async function tell(message: MemberAnswer | MemberReady): Promise<void> {
  await new Promise((resolve) => process.send?.(message, undefined, undefined, resolve));
}
