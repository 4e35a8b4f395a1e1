import type { ThreadLink } from '../link/thread-link.js';
import type { ClientReports } from './client-reports.js';
import type { Client } from './client.js';
import type { HandlerLog } from './handler-log.js';
import type { SessionChange } from './session-view.js';

/** Keys of one session that may be refused one by one. A session that makes up new ones would go on for ever. */
const MOST_REFUSALS = 100;

/** Sends what handlers have changed in their clients' sessions. */
export class SessionWriter {
  readonly #link: ThreadLink;
  readonly #reports: ClientReports;
  readonly #log: HandlerLog;

  constructor(link: ThreadLink, reports: ClientReports, log: HandlerLog) {
    this.#link = link;
    this.#reports = reports;
    this.#log = log;
  }

  /** A value that cannot be stored is a failure of its event, and costs no other key. */
  write(client: Client): void {
    // a handler that settles after its thread's end has nowhere to store anything
    if (this.#link.state !== 'open') return;
    const { view, events } = client;
    let change: SessionChange | undefined;
    // until nothing is refused: each refusal has set one key back
    for (let refusals = 1; ; refusals++) {
      try {
        change = view.takeChange();
        break;
      } catch (error) {
        this.#log.failed(client, events.command, error);
        if (refusals === MOST_REFUSALS) view.dropChanges();
      }
    }
    if (change !== undefined) this.#reports.changed(events, change);
  }
}
