import { Queue } from '../base/queue.js';
import type { GatewayAddress } from '../wire/client-id.js';
import { Command } from '../wire/command.js';
import { emptyFrame } from '../wire/frame.js';
import type { ClientRecord, QueuedEvent } from './client-record.js';
import type { ClientWatcher } from './client-watcher.js';
import type { WorkerPeer } from './worker-peer.js';
import type { Workers } from './workers.js';

/** Datagrams of one client that may queue: reading cannot be paused for one client of a socket that all share. */
const QUEUED_DATAGRAMS = 1000;
/**
 * Events of one client in a row, after which the others get their turn. One turn of the event loop can read two megabytes
 * from a socket, which may be a hundred thousand messages.
 */
const EVENTS_IN_A_ROW = 256;

/** The clients that one worker keeps us from reading. */
interface Stopped {
  /** It cannot take their events yet. In the order in which that began. */
  readonly blocked: Set<ClientRecord>;
  /** It wants no more of them for now: apart, since they are not looked at each time that it takes events again. */
  readonly paused: Set<ClientRecord>;
}

/** What becomes of events that no worker gets. */
export interface DispatcherHost {
  /** In place of CLIENT_ENDED, where the client's worker does not know that. */
  unheard(client: ClientRecord): void;
  /** A worker came, or takes events again. */
  served(): void;
  /** A worker is gone, and its clients are bound to others. */
  lost(peer: WorkerPeer): void;
  /** A datagram is dropped, since too many of its client's queue: that one cannot be paused. */
  datagramDropped(client: ClientRecord): void;
}

/** Who is told of workers. */
export interface WorkersWatcher {
  /** A worker takes events for the first time. */
  workerJoined(peer: WorkerPeer): void;
  /** A worker is gone. */
  workerLeft(peer: WorkerPeer): void;
}

/**
 * Brings what clients do to their workers, in order. A client whose worker cannot take more is not read any further; what
 * had been read already queues here, so that nothing is dropped.
 */
export class Dispatcher {
  /** Told which clients are not read, and which go to other workers. */
  watcher: ClientWatcher | undefined;
  readonly #workers: Workers;
  readonly #host: DispatcherHost & WorkersWatcher;
  /** By worker, while there is a link to it. */
  readonly #stopped = new Map<WorkerPeer, Stopped>();
  /** Clients whose events queue, or who are not read, because there is no worker at all. */
  readonly #unrouted = new Set<ClientRecord>();
  /** Clients that are not read for now, whatever their workers take. */
  readonly #held = new Set<ClientRecord>();
  /** How many clients have events that queue here. */
  #clientsQueued = 0;
  #onSettled: (() => void) | undefined;
  /** Filled anew for every event. */
  readonly #event = emptyFrame();

  /** Whose event was the last one, and how many in a row those of this client have been. */
  #last: ClientRecord | undefined;
  #inARow = 0;
  /** Clients that are not read any further in this turn. */
  #resting: ClientRecord[] = [];
  readonly #goOn = (): void => {
    for (const client of this.#resting.splice(0)) this.#rested(client);
  };

  constructor(address: GatewayAddress, workers: Workers, host: DispatcherHost & WorkersWatcher) {
    this.#workers = workers;
    this.#host = host;
    this.#event.localIp = address.ip;
    this.#event.localPort = address.port;
  }

  /** A worker came. */
  add(peer: WorkerPeer): void {
    this.#workers.add(peer);
    this.#stopped.set(peer, { blocked: new Set(), paused: new Set() });
    if (this.#workers.noteServed(peer)) this.#host.workerJoined(peer);
    for (const client of this.#unrouted) this.#sendQueued(client);
    this.#host.served();
  }

  /** A worker is gone, which may be said twice: its clients are bound to others. */
  remove(peer: WorkerPeer): void {
    const stopped = this.stoppedBy(peer);
    if (!this.#workers.remove(peer) || stopped === undefined) return;
    this.#host.workerLeft(peer);
    this.#stopped.delete(peer);
    for (const client of new Set([...stopped.blocked, ...stopped.paused])) {
      if (client.route?.moving === true) continue;
      client.pausedByWorker = false;
      if (this.#workers.peerOf(client) === undefined) this.#unrouted.add(client);
      else this.#sendQueued(client);
    }
    this.#host.lost(peer);
  }

  /** A worker that was congested, or not ready, takes events again. */
  drained(peer: WorkerPeer): void {
    if (this.#workers.noteServed(peer)) this.#host.workerJoined(peer);
    this.#host.served();
    for (const client of this.#unrouted) this.#sendQueued(client);
    for (const client of this.stoppedBy(peer)?.blocked ?? []) {
      if (peer.congested) return;
      this.#sendQueued(client);
    }
  }

  /** The clients that a worker keeps us from reading; undefined where there is no link to it. */
  stoppedBy(peer: WorkerPeer | undefined): Stopped | undefined {
    return peer === undefined ? undefined : this.#stopped.get(peer);
  }

  /** An event of a client. @param body copied if it has to queue */
  dispatch(client: ClientRecord, command: number, flags: number, body: Buffer): void {
    const peer = this.#workers.peerOf(client);
    if (peer === undefined || client.queued !== undefined || client.pausedByWorker || peer.congested) {
      this.#queue(client, command, flags, body);
      return;
    }
    this.#send(client, peer, command, flags, body);
    if (client === this.#last) {
      if (++this.#inARow >= EVENTS_IN_A_ROW) this.#rest(client);
    } else {
      this.#last = client;
      this.#inARow = 1;
    }
  }

  /** The client's worker wants no more of its events for now. */
  pauseByWorker(client: ClientRecord): void {
    if (client.route?.moving === true) return;
    client.pausedByWorker = true;
    this.stoppedBy(client.peer)?.paused.add(client);
    this.#stopReading(client);
  }

  /** The client's worker wants its events again. */
  resumeByWorker(client: ClientRecord): void {
    if (client.route?.moving === true) return;
    client.pausedByWorker = false;
    this.stoppedBy(client.peer)?.paused.delete(client);
    this.#sendQueued(client);
  }

  /** The client goes to another worker: its events queue, and it is not read, until {@link rebind}. */
  suspend(client: ClientRecord): void {
    client.pausedByWorker = true;
    if (client.queued === undefined) {
      client.queued = new Queue();
      this.#clientsQueued++;
    }
    if (!client.reading) return;
    client.reading = false;
    client.connection.pause();
  }

  /**
   * The client is another worker's from now on.
   *
   * @param from whose it was
   * @param returned events that go before those that queue, if it was held: that worker had them, and did not begin them
   * @param closed whether that worker has closed it: nothing of it but its end is for a handler
   */
  rebind(client: ClientRecord, from: WorkerPeer, returned?: Queue<QueuedEvent>, closed = false): void {
    for (const peer of [from, client.peer]) {
      this.stoppedBy(peer)?.blocked.delete(client);
      this.stoppedBy(peer)?.paused.delete(client);
    }
    this.#workers.unbind(client);
    client.pausedByWorker = false;
    this.watcher?.noted(client, 'worker', `leaves ${from.name}`);
    const before = returned ?? new Queue();
    for (const event of client.queued ?? []) before.push(event);
    if (client.queued !== undefined) client.queued = closed ? endOf(before) : before;
    if (this.#workers.peerOf(client) === undefined) this.#unrouted.add(client);
    else this.#sendQueued(client);
  }

  /** Reads a client no further, whatever its worker takes, until it is released. What it has sent goes on. */
  hold(client: ClientRecord): void {
    this.#held.add(client);
    this.#stopReading(client);
  }

  release(client: ClientRecord): void {
    if (this.#held.delete(client)) this.#rested(client);
  }

  /** Goes on reading a client, unless it is held. */
  resumeReading(client: ClientRecord): void {
    if (client.reading || client.gone || this.#held.has(client)) return;
    client.reading = true;
    client.silentRounds = -1;
    this.watcher?.noted(client, 'resume', 'is read again');
    client.connection.resume();
  }

  /** The client is gone, and its last event dispatched: it is unbound as soon as nothing of it queues. */
  forget(client: ClientRecord): void {
    this.#held.delete(client);
    // its worker cannot ask for the rest any more, which is little: nothing was read since it asked for the pause
    if (client.pausedByWorker) this.resumeByWorker(client);
    else if (client.queued === undefined) this.#workers.unbind(client);
  }

  /** Resolves when no event queues here: every one is on its way to a worker. */
  async settled(): Promise<void> {
    if (this.#clientsQueued > 0) await new Promise<void>((resolve) => (this.#onSettled = resolve));
  }

  #send(client: ClientRecord, peer: WorkerPeer, command: number, flags: number, body: Buffer): void {
    if (command === Command.CLIENT_ENDED && !peer.hearsEnds) {
      this.#host.unheard(client);
      return;
    }
    const event = this.#event;
    event.command = command;
    event.clientIp = client.ip;
    event.clientPort = client.connection.remotePort;
    event.connectionId = client.id;
    event.gatewayPort = client.connection.listener.port;
    event.flags = flags;
    event.body = body;
    if (!peer.send(event, client)) this.#stopReading(client);
  }

  /** An event that cannot be sent yet. */
  #queue(client: ClientRecord, command: number, flags: number, body: Buffer): void {
    if (client.queued === undefined) {
      client.queued = new Queue();
      this.#clientsQueued++;
    } else if (
      command === Command.ON_MESSAGE &&
      client.connection.protocol.datagrams === true &&
      client.queued.length >= QUEUED_DATAGRAMS
    ) {
      this.#host.datagramDropped(client);
      return;
    }
    client.queued.push({ command, flags, body: Buffer.from(body) });
    if (client.peer === undefined) this.#unrouted.add(client);
    this.#stopReading(client);
  }

  /** Reads a client no further before the others have had their turn. */
  #rest(client: ClientRecord): void {
    this.#inARow = 0;
    if (!client.reading) return;
    client.reading = false;
    client.connection.pause();
    if (this.#resting.push(client) === 1) setImmediate(this.#goOn);
  }

  /** Who sends much waits for a worker that is behind long before the others have to, so that theirs do not wait behind it. */
  #rested(client: ClientRecord): void {
    if (client.reading || client.gone) return;
    if (client.peer?.full === true) this.stoppedBy(client.peer)?.blocked.add(client);
    else this.#sendQueued(client);
  }

  /** Sends what queues of a client while its worker takes it, and then goes on reading the client. */
  #sendQueued(client: ClientRecord): void {
    const peer = this.#workers.peerOf(client);
    if (peer === undefined) {
      this.#unrouted.add(client);
      return;
    }
    const blocked = this.stoppedBy(peer)?.blocked;
    if (client.pausedByWorker) {
      blocked?.delete(client);
      return;
    }
    this.#unrouted.delete(client);
    for (let event = client.queued?.peek(); event !== undefined; event = client.queued?.peek()) {
      if (peer.congested) {
        blocked?.add(client);
        return;
      }
      client.queued?.shift();
      this.#send(client, peer, event.command, event.flags, event.body);
    }
    if (client.queued !== undefined) {
      client.queued = undefined;
      this.#clientsQueued--;
      if (this.#clientsQueued === 0) this.#onSettled?.();
    }
    if (client.gone) {
      blocked?.delete(client);
      this.#workers.unbind(client);
    } else if (peer.congested) {
      blocked?.add(client);
    } else {
      blocked?.delete(client);
      this.resumeReading(client);
    }
  }

  #stopReading(client: ClientRecord): void {
    // also one that is not being read anyway: it may be resting
    this.stoppedBy(client.peer)?.blocked.add(client);
    if (!client.reading) return;
    client.reading = false;
    this.watcher?.noted(client, 'pause', this.#whyStopped(client));
    client.connection.pause();
  }

  #whyStopped(client: ClientRecord): string {
    if (this.#held.has(client)) return 'it sends more than the rate of its listener';
    if (client.peer === undefined) return 'there is no worker';
    if (client.pausedByWorker) return `${client.peer.name} has enough of its events for now`;
    return `${client.peer.name} is behind`;
  }
}

/** Of a client's events its last one, if that has come. */
function endOf(events: Queue<QueuedEvent>): Queue<QueuedEvent> {
  const end = new Queue<QueuedEvent>();
  for (const event of events) if (event.command === Command.ON_CLOSE) end.push(event);
  return end;
}
