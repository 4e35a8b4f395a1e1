import type { LogOnce } from '../base/log-once.js';
import { Queue } from '../base/queue.js';
import type { GatewayAddress } from '../wire/client-id.js';
import { Command, Flag, WorkerState } from '../wire/command.js';
import { type Frame, HEADER_LENGTH, ReceivedFrame, decodeFrame, emptyFrame } from '../wire/frame.js';
import type { ClientRecord, ClientRoute, QueuedEvent } from './client-record.js';
import type { Directory } from './directory.js';
import type { Dispatcher } from './dispatcher.js';
import type { WorkerPeer } from './worker-peer.js';
import type { RouteScope, Workers } from './workers.js';

export interface RoutesParts {
  /** The gateway's. */
  readonly address: GatewayAddress;
  readonly directory: Directory;
  readonly workers: Workers;
  readonly dispatcher: Pick<Dispatcher, 'suspend' | 'rebind'>;
  readonly problems: LogOnce;
}

/** A client on its way from one worker to another. */
interface Move {
  readonly client: ClientRecord;
  readonly from: WorkerPeer;
}

/**
 * Clients that have a key go to the worker that owns it: when the key is given to them, and when its owner is another one
 * since a worker came. (When the owner goes, its clients are bound anew as all others are.) No event is lost, doubled or
 * reordered:
 *
 *    gateway                                              worker before
 *         <-- ROUTE_CLIENT -------------------------------      with OWN: it begins no further event of the client
 *             the client's events queue, it is not read
 *         --- CLIENT_ROUTED, behind its last event ------>
 *                                                               waits for the client's pending handler
 *         <-- CLIENT_MOVED, events that were not begun ---
 *             those, then what queues, go to the owner
 *
 * With OWN, a client that is where it belongs already is answered with CLIENT_ROUTED as well, so that the worker goes on.
 */
export class Routes {
  readonly #directory: Directory;
  readonly #workers: Workers;
  readonly #dispatcher: RoutesParts['dispatcher'];
  readonly #problems: LogOnce;
  /** By connection id. One that is gone is in no directory any more, and its last events still have to be brought on. */
  readonly #moves = new Map<number, Move>();
  readonly #event = new ReceivedFrame();
  readonly #word: Frame = emptyFrame();

  constructor({ address, directory, workers, dispatcher, problems }: RoutesParts) {
    this.#directory = directory;
    this.#workers = workers;
    this.#dispatcher = dispatcher;
    this.#problems = problems;
    this.#word.command = Command.CLIENT_ROUTED;
    this.#word.localIp = address.ip;
    this.#word.localPort = address.port;
  }

  /**
   * A call gives a client a key.
   *
   * @param asker the client's own worker, which waits for the answer; undefined when nobody does
   */
  ask(id: number, key: string, scope: RouteScope, asker: WorkerPeer | undefined): void {
    const client = this.#directory.get(id);
    if (client === undefined) {
      // one that is gone and moves: the word of that is on its way
      if (!this.#moves.has(id)) this.#answer(asker, id);
      return;
    }
    const route = this.#workers.giveKey(client, key, scope);
    this.#directory.watcher?.noted(client, 'route', `to the owner of ${key} (${scope})`);
    if (route.moving) return;
    const owner = this.#workers.ownerOf(key, scope);
    if (owner === undefined) this.#nobody(key, scope);
    if (owner === undefined || owner === client.peer) this.#answer(asker, id);
    else this.#move(client, route);
  }

  /** A worker has nothing more of a client, and gives back what it has not begun. @throws GW_FRAME */
  moved(id: number, from: WorkerPeer | undefined, { body, flags }: ReceivedFrame): void {
    const move = this.#moves.get(id);
    // a thread that died right after it had said so may be followed by one that says it again
    if (move === undefined || move.from !== from) return;
    let returned: Queue<QueuedEvent> | undefined;
    try {
      returned = this.#events(body);
    } finally {
      // one that cannot be read keeps nobody waiting
      this.#finish(move, returned, (flags & Flag.OWN) !== 0);
    }
  }

  /** A worker takes events for the first time: keys that it owns from now on are brought to it. */
  joined(peer: WorkerPeer): void {
    if (!this.#workers.keyed) return;
    for (const client of this.#directory.clients()) {
      const { route } = client;
      if (route === undefined || route.moving || client.peer === peer) continue;
      if (this.#workers.ownerOf(route.key, route.scope) === peer) this.#move(client, route);
    }
  }

  /** A worker is gone: it will not answer any more. */
  left(peer: WorkerPeer): void {
    for (const move of this.#moves.values()) if (move.from === peer) this.#finish(move, undefined, false);
  }

  #move(client: ClientRecord, route: ClientRoute): void {
    const { peer } = client;
    // whoever has no worker is bound by its key as soon as there is one; so is one whose worker leaves, when that is gone
    if (peer?.open !== true || (peer.state & WorkerState.LEAVING) !== 0) return;
    if (!peer.routes) {
      this.#dispatcher.rebind(client, peer);
      return;
    }
    route.moving = true;
    this.#moves.set(client.id, { client, from: peer });
    this.#dispatcher.suspend(client);
    const word = this.#word;
    word.connectionId = client.id;
    word.clientIp = client.ip;
    word.clientPort = client.connection.remotePort;
    word.gatewayPort = client.connection.listener.port;
    word.flags = Flag.PLAIN_BODY;
    peer.link.send(word);
  }

  /** The client stays where it is. */
  #answer(asker: WorkerPeer | undefined, id: number): void {
    // a worker that leaves gets nothing more, and knows that
    if (asker?.open !== true || (asker.state & WorkerState.LEAVING) !== 0) return;
    this.#word.connectionId = id;
    this.#word.flags = Flag.PLAIN_BODY | Flag.OWN;
    asker.link.send(this.#word);
  }

  #finish({ client, from }: Move, returned: Queue<QueuedEvent> | undefined, closed: boolean): void {
    this.#moves.delete(client.id);
    if (client.route !== undefined) client.route.moving = false;
    this.#dispatcher.rebind(client, from, returned, closed);
  }

  #events(body: Buffer): Queue<QueuedEvent> {
    const events = new Queue<QueuedEvent>();
    // what lies in a ring is overwritten soon
    const bytes = Buffer.from(body);
    for (let start = 0; start < bytes.length; ) {
      const left = bytes.length - start;
      const length = left < HEADER_LENGTH ? left : Math.min(left, bytes.readUInt32BE(start));
      const event = decodeFrame(bytes, this.#event, start, length);
      events.push({ command: event.command, flags: event.flags & ~Flag.STATE, body: event.body });
      start += length;
    }
    return events;
  }

  #nobody(key: string, scope: RouteScope): void {
    this.#problems.warn(
      'route',
      { key, scope },
      'no worker can own a key: none is linked up that knows of keys, as those of GatewayWorker for PHP and of older versions do not; the client stays where it is',
    );
  }
}
