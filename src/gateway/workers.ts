import type { Clock } from '../base/clock.js';
import type { ListenerContext } from './protocols/listener-context.js';
import type { Route } from './router.js';
import type { WorkerPeer, WorkerPeerStatus } from './worker-peer.js';

/** Who is bound to a worker: a client, or somebody who asks to become one. */
export interface Routed {
  peer: WorkerPeer | undefined;
  readonly connection: {
    readonly remoteAddress: string;
    readonly remotePort: number;
    readonly listener: ListenerContext;
  };
}

/** The workers that there is a link to, and which of them each client is bound to. */
export class Workers {
  /** Chooses workers; without one, no client is bound. */
  route: Route | undefined;
  readonly #clock: Clock;
  readonly #peers: WorkerPeer[] = [];
  #unservedSince: number | undefined;
  /** What {@link handshakes} was while there was a worker. */
  #lastHandshakes = true;

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

  /**
   * Whether a websocket has to be asked about before it comes in: one of the workers decides about that. While none is
   * ready, those that were tell; and where there has been none yet, nobody comes in unasked.
   */
  get handshakes(): boolean {
    const decided = this.#peers.some((peer) => peer.handshakes);
    if (decided || this.#peers.some((peer) => peer.ready)) this.#lastHandshakes = decided;
    return this.#lastHandshakes;
  }

  /** Every worker, in the order of their coming. */
  get status(): WorkerPeerStatus[] {
    return this.#peers.map((peer) => peer.status);
  }

  add(peer: WorkerPeer): void {
    this.#peers.push(peer);
    this.noteServed(peer);
  }

  /** @returns whether it was still there: that a worker is gone may be said twice */
  remove(peer: WorkerPeer): boolean {
    const index = this.#peers.indexOf(peer);
    if (index >= 0) this.#peers.splice(index, 1);
    return index >= 0;
  }

  /** Nobody need have asked meanwhile: a time without workers that is over does not count for the next one. */
  noteServed(peer: WorkerPeer): void {
    if (!peer.ready) return;
    this.#unservedSince = undefined;
    void this.handshakes;
  }

  /** The worker that a client is bound to; a new one when it has none, or a closed one. */
  peerOf(client: Routed): WorkerPeer | undefined {
    if (client.peer?.open === true) return client.peer;
    this.unbind(client);
    const ready = this.#peers.filter((peer) => peer.ready);
    if (ready.length === 0 || this.route === undefined) return undefined;
    const { remoteAddress, remotePort, listener } = client.connection;
    const chosen = this.route(ready, { remoteAddress, remotePort, gatewayPort: listener.port }) as WorkerPeer;
    client.peer = chosen;
    chosen.clients++;
    return chosen;
  }

  unbind(client: Routed): void {
    if (client.peer === undefined) return;
    client.peer.clients--;
    client.peer = undefined;
  }
}
