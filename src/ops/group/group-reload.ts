import { GatewayError } from '../../base/errors.js';
import type { Logger } from '../../base/log.js';
import type { NodeConfig } from '../../config/schema.js';
import { GRACEFUL_TIMEOUT } from '../requests/graceful.js';
import type { ReloadNote } from '../requests/reload.js';
import type { GroupMember } from './group-member.js';

/** Milliseconds that a member gets beyond the time in which its reload settles: all to come must not wait for one that hangs. */
const RELOAD_TIME = 60_000;

export interface GroupReloadOptions {
  readonly worker: NodeConfig['worker'];
  readonly log: Logger;
  /** Compiles the application and reads its certificates, without running it. @throws GatewayError */
  readonly check: () => Promise<void>;
}

/** Reloads of a group: from node to node, and one at a time. */
export class GroupReload {
  /** How many were done. */
  count = 0;
  readonly #options: GroupReloadOptions;
  /** The one that is under way, or the last one. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: GroupReloadOptions) {
    this.#options = options;
  }

  /**
   * Replaces the code of one member after the other. Waits for the reloads before it.
   *
   * @throws GatewayError when a node cannot run the new code. The first to refuse ends it: unless the message says
   * otherwise the old code goes on everywhere. GW_CONTROL when one stops answering in the middle of it. One that does not
   * answer from the beginning is no reason to keep the old code: a note names it
   */
  async run(members: readonly GroupMember[], graceful: boolean): Promise<ReloadNote | null> {
    const next = async (): Promise<ReloadNote | null> => await this.#reload(members, graceful);
    const reloading = this.#last.then(next, next);
    this.#last = reloading;
    return await reloading;
  }

  async #reload(members: readonly GroupMember[], graceful: boolean): Promise<ReloadNote | null> {
    await this.#options.check();
    const done: string[] = [];
    const missing: string[] = [];
    for (const member of members) {
      const { lives } = member;
      if (member.state !== 'down' && !(await member.answers())) {
        missing.push(member.name);
        this.#reloadLater(member, graceful);
        continue;
      }
      try {
        await member.ask({ command: 'reload', graceful }, this.#timeOf(graceful));
      } catch (error) {
        // it has died, or was dead: its next process starts with the new code
        if (member.state === 'down' || member.lives > lives) continue;
        throw done.length === 0 ? error : halfway(error as GatewayError, member.name, done);
      }
      done.push(member.name);
    }
    this.count++;
    if (missing.length === 0) return null;
    return {
      note: `${missing.join(', ')} did not answer: what stands still has the new code when it goes on, or when it is replaced. status shows which it is.`,
    };
  }

  /** A member that stands still hears of it when it goes on; when it is replaced, the next process has the new code anyway. */
  #reloadLater(member: GroupMember, graceful: boolean): void {
    const { lives } = member;
    member.ask({ command: 'reload', graceful }).catch((error: Error) => {
      if (member.lives === lives && member.state !== 'down') {
        this.#options.log.error(`node ${member.name} goes on with the old code: ${error.message}`);
      }
    });
  }

  /** Milliseconds in which a reload settles: all workers start at once, and take over state and events one after the other. */
  #timeOf(graceful: boolean): number {
    const { worker } = this.#options;
    if (worker === false) return RELOAD_TIME;
    const { startTimeout, stopTimeout, count } = worker;
    const takeover = 2 * (graceful ? GRACEFUL_TIMEOUT : stopTimeout * 1000) + stopTimeout * 1000;
    return startTimeout * 1000 + count * takeover + RELOAD_TIME;
  }
}

/** Rare, since the new code compiles and the first nodes run it: a service was gone, or the code differs by node. */
function halfway({ code, message }: GatewayError, name: string, done: readonly string[]): GatewayError {
  return new GatewayError(
    code,
    `Node ${name} goes on with the old code, as do those after it, while ${done.join(', ')} already run the new: reload again when this is put right. ${message}`,
  );
}
