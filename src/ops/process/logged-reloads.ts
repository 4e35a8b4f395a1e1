import type { Logger } from '../../base/log.js';
import type { ReloadNote } from '../requests/reload.js';

/** What can be reloaded: a node, or a group of nodes, which may have something to say of it. */
export interface Reloadable {
  reload(graceful: boolean): Promise<ReloadNote | null | void>;
}

/** Reloads, of which the log says how they ended. */
export class LoggedReloads {
  readonly #log: Logger;
  readonly #onBuilt: () => void;
  #underWay = 0;

  /** @param onBuilt code was compiled, and none is being compiled now */
  constructor(log: Logger, onBuilt: () => void) {
    this.#log = log;
    this.#onBuilt = onBuilt;
  }

  /** @throws what the node throws */
  async run(node: Reloadable, graceful: boolean): Promise<ReloadNote | null> {
    let note: ReloadNote | null;
    const began = performance.now();
    this.#underWay++;
    try {
      note = (await node.reload(graceful)) ?? null;
    } catch (error) {
      this.#log.error(`not reloaded, the old code goes on: ${(error as Error).message}`);
      throw error;
    } finally {
      if (--this.#underWay === 0) this.#onBuilt();
    }
    this.#log.info({ graceful, milliseconds: Math.round(performance.now() - began) }, 'reloaded');
    if (note) this.#log.warn(note.note);
    return note;
  }
}
