import type { ReceivedFrame } from '../wire/frame.js';
import { Flag } from '../wire/command.js';
import type { Events, WorkerSender } from './events.js';
import type { HandlerLog } from './handler-log.js';
import type { HandlerProgress } from './handler-progress.js';
import { isPromise } from './handlers.js';
import type { Unfinished } from './unfinished.js';

export interface WorkerMessagesOptions {
  readonly events: Events;
  readonly progress: HandlerProgress;
  readonly log: HandlerLog;
  readonly unfinished: Unfinished;
}

/** What other workers send: begun in the order in which it comes, each whether the one before is done or not. */
export class WorkerMessages {
  readonly #events: Events;
  readonly #progress: HandlerProgress;
  readonly #log: HandlerLog;
  readonly #unfinished: Unfinished;

  constructor({ events, progress, log, unfinished }: WorkerMessagesOptions) {
    this.#events = events;
    this.#progress = progress;
    this.#log = log;
    this.#unfinished = unfinished;
  }

  /** One has come, and is taken. */
  start(frame: ReceivedFrame): void {
    const from = senderOf(frame.extText());
    if (this.#events.onWorkerMessage === undefined) {
      this.#log.unheard(from);
      return;
    }
    this.#progress.begin(frame);
    try {
      const result: unknown = this.#events.onWorkerMessage(dataOf(frame), from);
      if (isPromise(result)) {
        this.#await(frame, from, result);
        return;
      }
    } catch (error) {
      this.#log.messageFailed(from, error);
    }
    this.#progress.end(frame);
  }

  #await(frame: ReceivedFrame, from: WorkerSender | null, result: PromiseLike<unknown>): void {
    const place = this.#progress.suspend(frame);
    this.#unfinished.begin();
    const settled = (): void => {
      this.#progress.settle(place);
      this.#unfinished.end();
    };
    result.then(settled, (error: unknown) => {
      this.#log.messageFailed(from, error);
      settled();
    });
  }
}

function dataOf(frame: ReceivedFrame): unknown {
  if ((frame.flags & Flag.BINARY) !== 0) return Buffer.from(frame.body);
  return JSON.parse(frame.bodyText()) as unknown;
}

/** @param name `node:slot`; empty when it was no worker */
function senderOf(name: string): WorkerSender | null {
  if (name === '') return null;
  const colon = name.lastIndexOf(':');
  return { name, node: name.slice(0, colon), id: Number(name.slice(colon + 1)) };
}
