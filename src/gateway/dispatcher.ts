import type { Clock } from '../base/clock.js';
import { Queue } from '../base/queue.js';
import type { GatewayAddress } from '../wire/client-id.js';
import { Command, Flag } from '../wire/command.js';
import { emptyFrame } from '../wire/frame.js';
import { toPhpHandshake } from '../wire/handshake.js';
import type { ClientRecord } from './client-record.js';
import type { Route } from './router.js';
import type { WorkerPeer, WorkerPeerStatus } from './worker-peer.js';

const EMPTY = Buffer.alloc(0);
/** The flags that GatewayWorker knows. */
const LEGACY_FLAGS = Flag.PLAIN_BODY | Flag.RAW;
/** Datagrams of one client that may wait: reading cannot be paused for one client of a socket that all share. */
const QUEUED_DATAGRAMS = 1000;
/**
 * Events of one client in a row, after which the others get their turn. One turn of the event loop can read two megabytes
 * from a socket, which may be a hundred thousand messages.
 */
const EVENTS_IN_A_ROW = 256;

/**
 * Brings what clients do to their workers, in order. A client whose worker cannot take more is not read any further; what
 * had been read already waits here, so that nothing is dropped.
 */
export class Dispatcher {
  /** Chooses workers; without one, events wait. */
  route: Route | undefined;
  readonly #peers: WorkerPeer[] = [];
  /** Clients with events that wait because there is no worker at all. */
  readonly #unrouted = new Set<ClientRecord>();
  /** Filled anew for every event. */
  readonly #event = emptyFrame();

  readonly #clock: Clock;
  readonly #phpSession: (client: ClientRecord) => Buffer;
  readonly #unheard: (client: ClientRecord) => void;
  #unservedSince: number | undefined;
  /** Clients with events that wait here. */
  #clientsQueued = 0;
  /** Whose event was the last one, and how many in a row those of this client have been. */
  #last: ClientRecord | undefined;
  #inARow = 0;
  /** Clients that are not read any further in this turn. */
  #resting: ClientRecord[] = [];
  readonly #goOn = (): void => {
    for (const client of this.#resting.splice(0)) this.#rested(client);
  };
  #onSettled: (() => void) | undefined;

  /**
   * @param phpSession a client's session as PHP reads it
   * @param unheard called in place of CLIENT_ENDED where the client's worker does not know that
   */
  constructor(
    address: GatewayAddress,
    clock: Clock,
    phpSession: (client: ClientRecord) => Buffer,
    unheard: (client: ClientRecord) => void,
  ) {
    this.#clock = clock;
    this.#phpSession = phpSession;
    this.#unheard = unheard;
    this.#event.localIp = address.ip;
    this.#event.localPort = address.port;
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

  /** Every worker that there is a link to. */
  get peers(): WorkerPeerStatus[] {
    return this.#peers.map((peer) => peer.status);
  }

  /** A worker came. */
  add(peer: WorkerPeer): void {
    this.#peers.push(peer);
    this.#noteServed(peer);
    for (const client of this.#unrouted) this.#sendQueued(client);
  }

  /** A worker is gone, which may be said twice: its clients are bound to others. */
  remove(peer: WorkerPeer): void {
    const index = this.#peers.indexOf(peer);
    if (index < 0) return;
    this.#peers.splice(index, 1);
    const held = [...peer.held, ...peer.paused];
    peer.held.clear();
    peer.paused.clear();
    for (const client of held) {
      client.pausedByWorker = false;
      if (this.#peerOf(client) === undefined) this.#unrouted.add(client);
      else this.#sendQueued(client);
    }
  }

  /** A worker that was congested, or not ready, takes events again. */
  drained(peer: WorkerPeer): void {
    this.#noteServed(peer);
    for (const client of this.#unrouted) this.#sendQueued(client);
    for (const client of peer.held) {
      if (peer.congested) return;
      this.#sendQueued(client);
    }
  }

  /**
   * An event of a client.
   *
   * @param body copied if it has to wait
   * @returns false when it is dropped: a datagram of a client that cannot be paused and already has many waiting
   */
  dispatch(client: ClientRecord, command: number, flags: number, body: Buffer): boolean {
    const peer = this.#peerOf(client);
    if (peer === undefined || client.queued !== undefined || client.pausedByWorker || peer.congested) {
      if (client.queued === undefined) {
        client.queued = new Queue();
        this.#clientsQueued++;
      } else if (
        command === Command.ON_MESSAGE &&
        client.transport.protocol.datagrams === true &&
        client.queued.length >= QUEUED_DATAGRAMS
      ) {
        return false;
      }
      client.queued.push({ command, flags, body: Buffer.from(body) });
      (peer?.held ?? this.#unrouted).add(client);
      this.#stopReading(client);
      return true;
    }
    this.#send(client, peer, command, flags, body);
    if (client === this.#last) {
      if (++this.#inARow >= EVENTS_IN_A_ROW) this.#rest(client);
    } else {
      this.#last = client;
      this.#inARow = 1;
    }
    return true;
  }

  /** The client's worker wants no more of its events for now. */
  pauseByWorker(client: ClientRecord): void {
    client.pausedByWorker = true;
    client.peer?.paused.add(client);
    this.#stopReading(client);
  }

  /** The client's worker wants its events again. */
  resumeByWorker(client: ClientRecord): void {
    client.pausedByWorker = false;
    client.peer?.paused.delete(client);
    this.#sendQueued(client);
  }

  /** Goes on reading a client. */
  resumeReading(client: ClientRecord): void {
    if (client.reading || client.gone) return;
    client.reading = true;
    client.silentRounds = -1;
    client.transport.resume();
  }

  /** Nobody need have asked meanwhile: a time without workers that is over does not count for the next one. */
  #noteServed(peer: WorkerPeer): void {
    if (peer.ready) this.#unservedSince = undefined;
  }

  /** The client is gone, and its last event dispatched: it is unbound as soon as nothing of it waits. */
  forget(client: ClientRecord): void {
    // its worker cannot ask for the rest any more, which is little: nothing was read since it asked for the pause
    if (client.pausedByWorker) this.resumeByWorker(client);
    else if (client.queued === undefined) this.#unbind(client);
  }

  /** Resolves when no event waits here: every one is on its way to a worker. */
  async settled(): Promise<void> {
    if (this.#clientsQueued > 0) await new Promise<void>((resolve) => (this.#onSettled = resolve));
  }

  #send(client: ClientRecord, peer: WorkerPeer, command: number, flags: number, body: Buffer): void {
    if (command === Command.CLIENT_ENDED && !peer.hearsEnds) {
      this.#unheard(client);
      return;
    }
    const event = this.#event;
    event.command = command;
    event.clientIp = client.ip;
    event.clientPort = client.transport.remotePort;
    event.connectionId = client.id;
    event.gatewayPort = client.transport.port.port;
    event.body = body;
    if (peer.legacy) {
      if (command === Command.ON_WEBSOCKET_CONNECT) event.body = toPhpHandshake(body);
      event.flags = flags & LEGACY_FLAGS;
      event.ext = this.#phpSession(client);
    } else if (client.state === undefined) {
      event.flags = flags;
      event.ext = EMPTY;
    } else {
      event.flags = flags | Flag.STATE;
      event.ext = client.state.ext(client.address, client.uid ?? '');
    }
    if (!peer.link.send(event)) this.#stopReading(client);
  }

  /** Reads a client no further before the others have had their turn. */
  #rest(client: ClientRecord): void {
    this.#inARow = 0;
    if (!client.reading) return;
    client.reading = false;
    client.transport.pause();
    if (this.#resting.push(client) === 1) setImmediate(this.#goOn);
  }

  /** Who sends much waits for a worker that is behind long before the others have to, so that theirs do not wait behind it. */
  #rested(client: ClientRecord): void {
    if (client.reading || client.gone) return;
    if (client.peer?.full === true) client.peer.held.add(client);
    else this.#sendQueued(client);
  }

  /** The worker that a client is bound to; a new one when it has none, or a closed one. */
  #peerOf(client: ClientRecord): WorkerPeer | undefined {
    if (client.peer?.open === true) return client.peer;
    this.#unbind(client);
    const ready = this.#peers.filter((peer) => peer.ready);
    if (ready.length === 0 || this.route === undefined) return undefined;
    const { remoteAddress, remotePort, port } = client.transport;
    const chosen = this.route(ready, { remoteAddress, remotePort, gatewayPort: port.port }) as WorkerPeer;
    client.peer = chosen;
    chosen.clients++;
    return chosen;
  }

  #unbind(client: ClientRecord): void {
    if (client.peer === undefined) return;
    client.peer.clients--;
    client.peer = undefined;
  }

  /** Sends a client's waiting events while its worker takes them, and then goes on reading it. */
  #sendQueued(client: ClientRecord): void {
    const peer = this.#peerOf(client);
    if (peer === undefined) return;
    if (client.pausedByWorker) {
      peer.held.delete(client);
      return;
    }
    this.#unrouted.delete(client);
    for (let event = client.queued?.peek(); event !== undefined; event = client.queued?.peek()) {
      if (peer.congested) {
        peer.held.add(client);
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
      peer.held.delete(client);
      this.#unbind(client);
    } else if (peer.congested) {
      peer.held.add(client);
    } else {
      peer.held.delete(client);
      this.resumeReading(client);
    }
  }

  #stopReading(client: ClientRecord): void {
    // also one that is not being read anyway: it may be resting
    client.peer?.held.add(client);
    if (!client.reading) return;
    client.reading = false;
    client.transport.pause();
  }
}
