import type { Link } from '../link/link.js';
import type { Client } from './client.js';

/** A business worker as the gateway sees it: a link, and the clients that are bound to it. */
export class WorkerPeer {
  readonly link: Link;
  /** Whether it is a worker of this process: what `local-first` prefers. */
  readonly local: boolean;
  /** Clients bound to it. */
  clients = 0;
  /** Clients with events that it could not take yet, in the order in which they began to wait. */
  readonly held = new Set<Client>();

  constructor(link: Link, local: boolean) {
    this.link = link;
    this.local = local;
  }

  get name(): string {
    return this.link.name;
  }

  get open(): boolean {
    return this.link.state === 'open';
  }
}
