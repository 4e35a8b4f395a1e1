import type { Timer } from '../base/clock.js';
import { GatewayError } from './gateway-error.js';
import type { LineClock } from './line.js';
import type { Incoming } from './named-message.js';

/** A message that waits for a connection. */
export interface Waiting {
  readonly message: string | ArrayBuffer;
}

/** Who sends them. */
export interface RequestsHost {
  /** @returns undefined where it did not have to wait @throws when it can neither be sent nor wait */
  readonly send: (id: number) => Waiting | undefined;
  /** It is over before it was sent. */
  readonly forget: (waiting: Waiting) => void;
}

interface Request {
  readonly event: string;
  readonly waiting: Waiting | undefined;
  readonly timer: Timer;
  resolve(data: unknown): void;
  reject(error: Error): void;
}

/** What may be in an answer. */
const ANSWER = ['id', 'data', 'error'];

/** Requests without an answer yet. */
export class Requests {
  readonly #clock: LineClock;
  readonly #requests = new Map<number, Request>();
  #lastId = 0;

  constructor(clock: LineClock) {
    this.#clock = clock;
  }

  /** @param timeout milliseconds @returns its answer */
  async add(event: string, timeout: number, { send, forget }: RequestsHost): Promise<unknown> {
    const id = ++this.#lastId;
    const waiting = send(id);
    return await new Promise((resolve, reject) => {
      const timer = this.#clock.setTimeout(() => {
        if (waiting !== undefined) forget(waiting);
        const what = `The request ${event} was not answered within ${timeout} ms.`;
        this.#fail(id, new GatewayError('GW_TIMEOUT', what));
      }, timeout);
      this.#requests.set(id, { event, waiting, timer, resolve, reject });
    });
  }

  /** @returns whether it is an answer, be it one that nobody waits for any more */
  settle(message: Incoming): boolean {
    const { id, error, data } = message;
    if (typeof id !== 'number' || !Object.keys(message).every((key) => ANSWER.includes(key))) return false;
    if (error === undefined) this.#take(id)?.resolve(data);
    else this.#fail(id, new GatewayError(error.code, error.message, error));
    return true;
  }

  /** These get no answer any more. */
  lose(why: string, which: (waiting: Waiting | undefined) => boolean): void {
    for (const [id, { event, waiting }] of this.#requests) {
      const what = `The request ${event} has no answer: ${why}.`;
      if (which(waiting)) this.#fail(id, new GatewayError('GW_LINK_CLOSED', what));
    }
  }

  #fail(id: number, error: Error): void {
    this.#take(id)?.reject(error);
  }

  #take(id: number): Request | undefined {
    const request = this.#requests.get(id);
    request?.timer.cancel();
    this.#requests.delete(id);
    return request;
  }
}
