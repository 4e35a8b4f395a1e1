import type { Clock, Timer } from '../base/clock.js';
import type { LogOnce } from '../base/log-once.js';
import type { GatewayAddress } from '../wire/client-id.js';
import { Command } from '../wire/command.js';
import { emptyFrame } from '../wire/frame.js';
import {
  type HandshakeAnswer,
  type HandshakeGrant,
  type HandshakeRefusal,
  refusal,
} from '../wire/handshake-answer.js';
import type { ClientRoute } from './client-record.js';
import type { Counters } from './counters.js';
import type { Directory } from './directory.js';
import type { Arrival } from './protocols/protocol.js';
import type { EventClient, WorkerPeer } from './worker-peer.js';
import type { Routed, Workers } from './workers.js';

/** Milliseconds until a handshake has to be decided, the time without a worker included. */
const LIMIT = 10_000;
const UNAVAILABLE = 503;

export interface HandshakesParts {
  readonly clock: Clock;
  readonly address: GatewayAddress;
  readonly problems: LogOnce;
  readonly counters: Counters;
  readonly directory: Directory;
  readonly workers: Workers;
  /** It comes in, by its connection id and with the worker that it is bound to. */
  readonly onWelcome: (guest: Guest, grant: HandshakeGrant) => void;
}

/** Somebody who waits at the door. */
export class Guest implements Routed, EventClient {
  readonly id: number;
  readonly connection: Arrival;
  peer: WorkerPeer | undefined;
  route: ClientRoute | undefined;
  /** Whether that worker has been asked. */
  asked = false;
  timer: Timer | undefined;
  // nothing travels with its handshake but the request, which has the address
  readonly address = '';
  readonly uid = undefined;
  readonly state = undefined;

  constructor(id: number, arrival: Arrival) {
    this.id = id;
    this.connection = arrival;
  }
}

/**
 * Websockets that ask to come in, where workers decide about that (`onHandshake`). A worker is chosen for each as for a
 * client, which it is not yet: nobody sees it, and nothing is sent to it, before that worker has let it in. Each is answered:
 * by its worker, when that is lost, or in time.
 */
export class Handshakes {
  readonly #parts: HandshakesParts;
  /** By connection id, oldest first. */
  readonly #guests = new Map<number, Guest>();
  /** Those whose worker cannot be asked yet, or who have none. */
  readonly #waiting = new Set<Guest>();
  readonly #event = emptyFrame();

  constructor(parts: HandshakesParts) {
    this.#parts = parts;
    this.#event.command = Command.ON_HANDSHAKE;
    this.#event.localIp = parts.address.ip;
    this.#event.localPort = parts.address.port;
  }

  /** How many wait. */
  get size(): number {
    return this.#guests.size;
  }

  ask(arrival: Arrival): void {
    const { clock, directory, workers } = this.#parts;
    const guest = new Guest(directory.nextId(), arrival);
    arrival.id = guest.id;
    this.#guests.set(guest.id, guest);
    workers.introduce(guest, arrival.url);
    arrival.listener.addresses?.entered(arrival.remoteAddress);
    guest.timer = clock.setTimeout(() => this.#late(guest), LIMIT);
    this.#ask(guest);
  }

  /** What a worker says. One that was given up meanwhile is nobody's concern any more. */
  answered(id: number, answer: HandshakeAnswer): void {
    const guest = this.#guests.get(id);
    if (guest !== undefined) this.#settle(guest, answer);
  }

  /** It has gone away. */
  left({ id }: Arrival): void {
    const guest = this.#guests.get(id);
    if (guest === undefined) return;
    this.#forget(guest);
    this.#parts.workers.unbind(guest);
  }

  /** A worker came, or takes events again. */
  served(): void {
    for (const guest of this.#waiting) this.#ask(guest);
  }

  /** A worker is gone. Who had asked it is not asked about twice: nobody knows how far it had come. */
  lost(peer: WorkerPeer): void {
    for (const guest of this.#guests.values()) {
      if (guest.peer !== peer) continue;
      if (guest.asked) this.#settle(guest, refusal(UNAVAILABLE, 'The server could not answer: try again.'));
      else this.#ask(guest);
    }
  }

  /** The gateway takes no more clients. */
  close(): void {
    for (const guest of this.#guests.values())
      this.#settle(guest, refusal(UNAVAILABLE, 'The server is stopping.'));
  }

  #ask(guest: Guest): void {
    const peer = this.#parts.workers.peerOf(guest);
    if (peer?.handshakes === false) {
      this.#settle(guest, { grant: {} });
      return;
    }
    if (peer === undefined || peer.congested) {
      this.#waiting.add(guest);
      return;
    }
    this.#waiting.delete(guest);
    guest.asked = true;
    const event = this.#event;
    event.connectionId = guest.id;
    event.clientPort = guest.connection.remotePort;
    event.gatewayPort = guest.connection.listener.port;
    event.body = guest.connection.request;
    event.flags = 0;
    peer.send(event, guest);
  }

  #late(guest: Guest): void {
    const { remoteAddress } = guest.connection;
    const found = guest.asked
      ? `onHandshake has not answered within ${LIMIT / 1000} s`
      : `no worker could be asked for ${LIMIT / 1000} s`;
    this.#parts.problems.warn('handshake late', { remoteAddress }, `a websocket is answered 503: ${found}`);
    this.#settle(guest, refusal(UNAVAILABLE, 'The server did not answer in time: try again.'));
  }

  #settle(guest: Guest, answer: HandshakeAnswer): void {
    this.#forget(guest);
    if ('grant' in answer) {
      this.#parts.onWelcome(guest, answer.grant);
    } else {
      this.#parts.workers.unbind(guest);
      this.#refuse(guest.connection, answer.refusal);
    }
  }

  #refuse(arrival: Arrival, refused: HandshakeRefusal): void {
    this.#parts.counters.refused(`handshake ${refused.status}`);
    arrival.refuse(refused);
  }

  #forget(guest: Guest): void {
    this.#guests.delete(guest.id);
    this.#waiting.delete(guest);
    guest.timer?.cancel();
    const { listener, remoteAddress } = guest.connection;
    listener.addresses?.left(remoteAddress);
  }
}
