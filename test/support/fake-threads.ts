import { once } from 'node:events';
import { ThreadLink } from '#src/link/thread-link.js';
import type { SlotMessage, ThreadMessage, WorkerTask } from '#src/link/thread-protocol.js';
import type { StartThread, Thread } from '#src/pool/thread.js';
import { ThreadGauge } from '#src/ring/thread-gauge.js';

/** A worker thread as its slot sees it, played by the test's own thread: it does what it is told, when the test says so. */
export class FakeThread implements Thread {
  readonly task: WorkerTask;
  readonly ended: Promise<Error | undefined>;
  readonly gauge: ThreadGauge;
  /** What it was told so far. */
  readonly orders: SlotMessage[] = [];
  /** The events that it has begun. */
  readonly handled: string[] = [];
  aborted = false;
  /** Whether it answers a retire. */
  blocked = false;
  /** Whether its code has onHandOver, and onTakeOver. It answers those orders when the test says so. */
  handsOver = false;
  takesOver = false;
  readonly #link: ThreadLink;
  #end!: (error: Error | undefined) => void;

  constructor(task: WorkerTask) {
    this.task = task;
    this.ended = new Promise((resolve) => (this.#end = resolve));
    this.gauge = new ThreadGauge(task.memory.gauge);
    this.#link = new ThreadLink(`slot ${task.slot}`, task.memory);
    this.#link.subscribe({
      frame: (frame, place) => {
        this.handled.push(frame.body.toString());
        this.#link.take(place);
      },
      drained() {},
      closed() {},
    });
    task.port.on('message', (order: SlotMessage) => void this.#obey(order));
  }

  abort(): void {
    this.aborted = true;
    this.die('The task has been aborted');
  }

  /** It has loaded its code and run onWorkerStart. */
  ready(): void {
    this.say({
      kind: 'ready',
      handshakes: false,
      requests: false,
      handsOver: this.handsOver,
      takesOver: this.takesOver,
    });
  }

  say(message: ThreadMessage): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a MessagePort, not a window
    this.task.port.postMessage(message);
  }

  die(message: string): void {
    this.#link.destroy();
    this.#end(new Error(message));
  }

  /** Resolves when it has been told so. */
  async told(kind: SlotMessage['kind']): Promise<void> {
    while (!this.orders.some((order) => order.kind === kind)) await once(this.task.port, 'message');
  }

  async #obey(order: SlotMessage): Promise<void> {
    this.orders.push(order);
    if (this.blocked) return;
    if (order.kind === 'serve') {
      this.#link.receiveEvents(order.takeover);
    } else if (order.kind === 'retire') {
      await this.#link.leaveEvents();
      this.say({ kind: 'retired', pending: [] });
    } else if (order.kind === 'stop') {
      await this.#link.eventsEnded();
      await this.#link.close();
      this.task.port.close();
      this.#end(undefined);
    }
  }
}

/** The threads that a slot has started, one after another. */
export class FakeThreads {
  readonly all: FakeThread[] = [];
  #onStarted: (() => void) | undefined;

  readonly start: StartThread = (task) => {
    const thread = new FakeThread(task);
    this.all.push(thread);
    this.#onStarted?.();
    return thread;
  };

  /** The nth that was started, from 0, once it is. */
  async nth(number: number): Promise<FakeThread> {
    while (this.all.length <= number) {
      await new Promise<void>((resolve) => (this.#onStarted = resolve));
    }
    return this.all[number];
  }
}
