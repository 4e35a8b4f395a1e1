import type { Clock } from '../base/clock.js';
import type { ClientRoute } from './client-record.js';
import type { ListenerContext } from './protocols/listener-context.js';
import { splitTarget } from './protocols/http-target.js';
import { highest } from './rendezvous.js';
import type { LoadedRouter, RouterClient } from './router.js';
import type { WorkerPeer, WorkerPeerStatus } from './worker-peer.js';

/** Among whom a key has its owner: the workers of the gateway's process, or where it has none all; or always all. */
export type RouteScope = 'node' | 'cluster';

/** Of a client that came without a handshake. */
const NO_TARGET: Pick<RouterClient, 'path' | 'query'> = Object.freeze({
  path: '',
  query: Object.freeze({}),
});

/** Who is bound to a worker: a client, or somebody who asks to become one. */
export interface Routed {
  peer: WorkerPeer | undefined;
  /** What its key says of that; undefined for most. */
  route: ClientRoute | undefined;
  readonly connection: {
    readonly remoteAddress: string;
    readonly remotePort: number;
    readonly listener: ListenerContext;
  };
}

/** The workers that there is a link to, and which of them each client is bound to. */
export class Workers {
  /** Chooses workers; without one, no client is bound. */
  router: LoadedRouter | undefined;
  /** Whether any client has ever had a key. */
  keyed = false;
  /** The urls of handshakes, where a router may look at them. */
  readonly #urls = new WeakMap<Routed, string>();
  readonly #clock: Clock;
  readonly #peers: WorkerPeer[] = [];
  #unservedSince: number | undefined;
  /** What {@link handshakes} was while there was a worker. */
  #lastHandshakes = true;
  /** What {@link requests} was. */
  #lastRequests = false;

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

  /** Whether one of the workers answers plain HTTP requests. While none is ready, those that were tell. */
  get requests(): boolean {
    const answered = this.#peers.some((peer) => peer.requests);
    if (answered || this.#peers.some((peer) => peer.ready)) this.#lastRequests = answered;
    return this.#lastRequests;
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
    void this.handshakes;
    void this.requests;
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

  /**
   * The worker that a client is bound to; a new one when it has none, or a closed one.
   *
   * @param request whether it has to be one that answers plain HTTP requests
   */
  peerOf(client: Routed, request = false): WorkerPeer | undefined {
    if (client.peer?.open === true) return client.peer;
    this.unbind(client);
    const owner = client.route && this.ownerOf(client.route.key, client.route.scope);
    if (owner !== undefined && (!request || owner.requests)) return bind(client, owner);
    const ready = this.#peers.filter((peer) => peer.ready && (!request || peer.requests));
    if (ready.length === 0 || this.router === undefined) return undefined;
    return bind(client, this.router.route(ready, this.#shown(client)) as WorkerPeer);
  }

  /** A client comes with a handshake, which a router may look at. @param url path and query */
  introduce(client: Routed, url: string): void {
    const { router } = this;
    if (router?.module === true) this.#urls.set(client, url);
    if (router?.key === undefined) return;
    const key = parameters(url)[router.key.parameter] ?? '';
    if (key !== '') this.giveKey(client, key, router.key.scope);
  }

  /** From now on its key says which worker a client is bound to. */
  giveKey(client: Routed, key: string, scope: RouteScope): ClientRoute {
    const route = { key, scope, moving: client.route?.moving ?? false };
    client.route = route;
    this.keyed = true;
    return route;
  }

  unbind(client: Routed): void {
    if (client.peer === undefined) return;
    client.peer.clients--;
    client.peer = undefined;
  }

  #shown(client: Routed): RouterClient {
    const { remoteAddress, remotePort, listener } = client.connection;
    const url = this.#urls.get(client);
    const { path, query } =
      url === undefined ? NO_TARGET : { path: splitTarget(url).path, query: parameters(url) };
    return { remoteAddress, remotePort, gatewayPort: listener.port, path, query };
  }
}

/** The parameters of a url's query, decoded; of one that occurs twice, the last. */
function parameters(url: string): Partial<Record<string, string>> {
  const query: Partial<Record<string, string>> = Object.create(null);
  for (const [name, value] of new URLSearchParams(splitTarget(url).query)) query[name] = value;
  return query;
}

function bind(client: Routed, peer: WorkerPeer): WorkerPeer {
  client.peer = peer;
  peer.clients++;
  return peer;
}
