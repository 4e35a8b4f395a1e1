import type { Clock } from '../base/clock.js';
import type { ClientRecord } from './client-record.js';
import { highest } from './rendezvous.js';
import type { Route } from './router.js';
import type { WorkerPeer, WorkerPeerStatus } from './worker-peer.js';

/** Among whom a key has its owner: the workers of the gateway's process, or where it has none all; or always all. */
export type RouteScope = 'node' | 'cluster';

/** The workers that there is a link to, and which of them each client is bound to. */
export class Workers {
  /** Chooses workers; without one, no client is bound. */
  route: Route | undefined;
  readonly #clock: Clock;
  readonly #peers: WorkerPeer[] = [];
  #unservedSince: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Milliseconds since somebody first asked while no worker was ready; 0 while one is. */
  get unservedFor(): number {
    if (this.#peers.some((peer) => peer.ready)) {
      this.#unservedSince = undefined;
      return 0;
    }
    this.#unservedSince ??= this.#clock.now();
    return this.#clock.now() - this.#unservedSince;
  }

  /** Every worker, in the order of their coming. */
  get status(): WorkerPeerStatus[] {
    return this.#peers.map((peer) => peer.status);
  }

  add(peer: WorkerPeer): void {
    this.#peers.push(peer);
  }

  /** @returns whether it was still there: that a worker is gone may be said twice */
  remove(peer: WorkerPeer): boolean {
    const index = this.#peers.indexOf(peer);
    if (index >= 0) this.#peers.splice(index, 1);
    return index >= 0;
  }

  /**
   * Nobody need have asked meanwhile: a time without workers that is over does not count for the next one.
   *
   * @returns whether the worker is ready for the first time
   */
  noteServed(peer: WorkerPeer): boolean {
    if (!peer.ready) return false;
    this.#unservedSince = undefined;
    const first = !peer.served;
    peer.served = true;
    return first;
  }

  /**
   * The worker that owns a key, ready or not: events wait for one whose thread has died. Undefined when there is none that
   * can own any.
   */
  ownerOf(key: string, scope: RouteScope): WorkerPeer | undefined {
    const near = scope === 'node' && this.#peers.some(({ local }) => local);
    return highest(
      key,
      this.#peers.filter((peer) => peer.mayOwn && (peer.local || !near)),
    );
  }

  /** Those that messages of other workers can go to. */
  get reachable(): WorkerPeer[] {
    return this.#peers.filter((peer) => peer.reachable);
  }

  /** The worker that a client is bound to; a new one when it has none, or a closed one. */
  peerOf(client: ClientRecord): WorkerPeer | undefined {
    if (client.peer?.open === true) return client.peer;
    this.unbind(client);
    const owner = client.route && this.ownerOf(client.route.key, client.route.scope);
    if (owner !== undefined) return bind(client, owner);
    const ready = this.#peers.filter((peer) => peer.ready);
    if (ready.length === 0 || this.route === undefined) return undefined;
    const { remoteAddress, remotePort, listener } = client.connection;
    const chosen = this.route(ready, { remoteAddress, remotePort, gatewayPort: listener.port }) as WorkerPeer;
    return bind(client, chosen);
  }

  unbind(client: ClientRecord): void {
    if (client.peer === undefined) return;
    client.peer.clients--;
    client.peer = undefined;
  }
}

function bind(client: ClientRecord, peer: WorkerPeer): WorkerPeer {
  client.peer = peer;
  peer.clients++;
  return peer;
}
