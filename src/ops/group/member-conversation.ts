import type { Clock, Timer } from '../../base/clock.js';
import { GatewayError } from '../../base/errors.js';
import type { SupervisedProcess } from '../process/supervisor.js';
import type { NodeRequest } from '../requests/requests.js';
import type { MemberAnswer, MemberOrder, PingRequest } from './member-protocol.js';

/** A member's process, as its group sees it. */
export interface MemberProcess extends SupervisedProcess {
  readonly pid?: number | undefined;
  /** @param callback is told of a failure, which would otherwise be an event */
  send(order: MemberOrder, callback: (error: Error | null) => void): boolean;
}

interface Pending {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: GatewayError) => void;
  readonly timer: Timer | undefined;
}

/** What one process of a member is told and asked, and what it answers. */
export class MemberConversation {
  readonly #process: MemberProcess;
  readonly #name: string;
  readonly #clock: Clock;
  readonly #pending = new Map<number, Pending>();
  #lastId = 0;

  /** @param name the member's */
  constructor(process: MemberProcess, name: string, clock: Clock) {
    this.#process = process;
    this.#name = name;
    this.#clock = clock;
  }

  /**
   * @param time milliseconds that the answer may take; without it, as long as the process lives
   * @throws the error it answers with, or GW_CONTROL when it does not answer
   */
  async ask(request: NodeRequest | PingRequest, time?: number): Promise<unknown> {
    const id = ++this.#lastId;
    return await new Promise((resolve, reject) => {
      const timer =
        time === undefined
          ? undefined
          : this.#clock.setTimeout(() => {
              this.#pending.delete(id);
              const text = `Node ${this.#name} (pid ${this.#process.pid}) has not answered within ${time / 1000} s.`;
              reject(new GatewayError('GW_CONTROL', text));
            }, time);
      this.#pending.set(id, { resolve, reject, timer });
      this.tell({ id, request });
    });
  }

  /** Should that fail, the process has ended, which is seen otherwise. */
  tell(order: MemberOrder): void {
    this.#process.send(order, () => {});
  }

  answered({ id, answer }: MemberAnswer): void {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    pending?.timer?.cancel();
    if (answer.ok) pending?.resolve(answer.result);
    else pending?.reject(new GatewayError(answer.error.code, answer.error.message));
  }

  /** Its process has ended: whatever it was asked fails with this. */
  end(error: GatewayError): void {
    for (const { reject, timer } of this.#pending.values()) {
      timer?.cancel();
      reject(error);
    }
    this.#pending.clear();
  }
}
