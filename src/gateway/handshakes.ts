import type { Clock } from '../base/clock.js';
import type { LogOnce } from '../base/log-once.js';
import type { GatewayAddress } from '../wire/client-id.js';
import { Command } from '../wire/command.js';
import { emptyFrame } from '../wire/frame.js';
import { type HandshakeAnswer, type HandshakeGrant, refusal } from '../wire/handshake-answer.js';
import { LOST } from '../wire/lost-answer.js';
import type { Counters } from './counters.js';
import type { Directory } from './directory.js';
import type { Arrival } from './protocols/protocol.js';
import { type Guest, Questions } from './questions.js';
import type { WorkerPeer } from './worker-peer.js';
import type { Workers } from './workers.js';

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
  readonly onWelcome: (guest: Guest<Arrival>, grant: HandshakeGrant) => void;
}

/**
 * Websockets that ask to come in, where workers decide about that (`onHandshake`). A worker is chosen for each as for a
 * client, which it is not yet: nobody sees it, and nothing is sent to it, before that worker has let it in. Each is answered:
 * by its worker, when that is lost, or in time.
 */
export class Handshakes {
  readonly #parts: HandshakesParts;
  readonly #questions: Questions<Arrival>;
  readonly #event = emptyFrame();

  constructor(parts: HandshakesParts) {
    const { address, clock, directory, workers } = parts;
    this.#parts = parts;
    this.#event.command = Command.ON_HANDSHAKE;
    this.#event.localIp = address.ip;
    this.#event.localPort = address.port;
    this.#questions = new Questions({
      clock,
      directory,
      workers,
      limit: LIMIT,
      peerOf: (guest) => workers.peerOf(guest),
      excused: (guest, peer) => !peer.handshakes && this.#settle(guest.id, { grant: {} }),
      ask: (guest, peer) => this.#ask(guest, peer),
      lost: (guest) => this.#refuse(guest, LOST),
      late: (guest) => this.#late(guest),
    });
  }

  /** How many wait. */
  get size(): number {
    return this.#questions.size;
  }

  ask(arrival: Arrival): void {
    arrival.listener.addresses?.entered(arrival.remoteAddress);
    this.#questions.add(arrival);
  }

  /** What a worker says. One that was given up meanwhile is nobody's concern any more. */
  answered(id: number, answer: HandshakeAnswer): void {
    this.#settle(id, answer);
  }

  /** It has gone away. */
  left({ id }: Arrival): void {
    const guest = this.#questions.take(id);
    if (guest !== undefined) this.#leave(guest);
  }

  /** A worker came, or takes events again. */
  served(): void {
    this.#questions.served();
  }

  /** A worker is gone. */
  lost(peer: WorkerPeer): void {
    this.#questions.lost(peer);
  }

  /** The gateway takes no more clients. */
  close(): void {
    for (const id of this.#questions.ids()) {
      this.#settle(id, refusal(UNAVAILABLE, 'The server is stopping.'));
    }
    this.#questions.close();
  }

  #ask(guest: Guest<Arrival>, peer: WorkerPeer): void {
    const { remotePort, listener, request } = guest.connection;
    const event = this.#event;
    event.connectionId = guest.id;
    event.clientPort = remotePort;
    event.gatewayPort = listener.port;
    event.body = request;
    event.flags = 0;
    peer.send(event, guest);
  }

  #late(guest: Guest<Arrival>): void {
    const { remoteAddress } = guest.connection;
    const found = guest.asked
      ? `onHandshake has not answered within ${LIMIT / 1000} s`
      : `no worker could be asked for ${LIMIT / 1000} s`;
    this.#parts.problems.warn('handshake late', { remoteAddress }, `a websocket is answered 503: ${found}`);
    this.#refuse(guest, 'The server did not answer in time: try again.');
  }

  #settle(id: number, answer: HandshakeAnswer): true {
    const guest = this.#questions.take(id);
    if (guest !== undefined) this.#answer(guest, answer);
    return true;
  }

  #refuse(guest: Guest<Arrival>, why: string): void {
    this.#answer(guest, refusal(UNAVAILABLE, why));
  }

  #answer(guest: Guest<Arrival>, answer: HandshakeAnswer): void {
    const { connection } = guest;
    if ('grant' in answer) {
      this.#uncount(guest);
      this.#parts.onWelcome(guest, answer.grant);
      return;
    }
    this.#leave(guest);
    this.#parts.counters.refused(`handshake ${answer.refusal.status}`);
    connection.refuse(answer.refusal);
  }

  #leave(guest: Guest<Arrival>): void {
    this.#uncount(guest);
    this.#parts.workers.unbind(guest);
  }

  #uncount({ connection: { listener, remoteAddress } }: Guest<Arrival>): void {
    listener.addresses?.left(remoteAddress);
  }
}
