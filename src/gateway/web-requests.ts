import { type Clock, type Timer, withinTime } from '../base/clock.js';
import type { LogOnce } from '../base/log-once.js';
import type { GatewayAddress } from '../wire/client-id.js';
import { Command, Flag } from '../wire/command.js';
import { emptyFrame } from '../wire/frame.js';
import { LOST } from '../wire/lost-answer.js';
import { type WebAnswer, textAnswer } from '../wire/web-request.js';
import type { ClientRoute } from './client-record.js';
import type { Counters } from './counters.js';
import type { Directory } from './directory.js';
import type { HttpExchange } from './protocols/protocol.js';
import { CLOSE_TIMEOUT } from './protocols/timeouts.js';
import type { WorkerPeer } from './worker-peer.js';
import type { Routed, Workers } from './workers.js';

/** Milliseconds until a request has to be answered, the time without a worker included. */
const LIMIT = 30_000;
const UNAVAILABLE = 503;

export interface WebRequestsParts {
  readonly clock: Clock;
  readonly address: GatewayAddress;
  readonly problems: LogOnce;
  readonly counters: Counters;
  readonly directory: Directory;
  readonly workers: Workers;
}

/** Somebody who has asked for an answer, and is no client. */
class Asker implements Routed {
  readonly id: number;
  readonly connection: HttpExchange;
  peer: WorkerPeer | undefined;
  route: ClientRoute | undefined;
  /** Whether that worker has been asked. */
  asked = false;
  timer: Timer | undefined;

  constructor(id: number, request: HttpExchange) {
    this.id = id;
    this.connection = request;
  }
}

/**
 * Plain HTTP requests that the application answers (`onRequest`). A worker is chosen for each as for a client, among those
 * whose code has that. Each is answered: by its worker, when that is lost, or in time.
 */
export class WebRequests {
  readonly #parts: WebRequestsParts;
  /** By connection id, oldest first. */
  readonly #askers = new Map<number, Asker>();
  /** Those whose worker cannot be asked yet, or who have none. */
  readonly #waiting = new Set<Asker>();
  readonly #event = emptyFrame();
  #onAnswered: (() => void) | undefined;

  constructor(parts: WebRequestsParts) {
    this.#parts = parts;
    this.#event.command = Command.ON_REQUEST;
    this.#event.localIp = parts.address.ip;
    this.#event.localPort = parts.address.port;
  }

  ask(request: HttpExchange): void {
    const { clock, directory, workers } = this.#parts;
    const asker = new Asker(directory.nextId(), request);
    request.id = asker.id;
    this.#askers.set(asker.id, asker);
    workers.introduce(asker, request.url);
    asker.timer = clock.setTimeout(() => this.#late(asker), LIMIT);
    this.#ask(asker);
  }

  /** What a worker says. One that was given up meanwhile is nobody's concern any more. */
  answered(id: number, answer: WebAnswer): void {
    const asker = this.#askers.get(id);
    if (asker !== undefined) this.#settle(asker, answer);
  }

  /** It has gone away, or has been answered. */
  left({ id }: HttpExchange): void {
    const asker = this.#askers.get(id);
    if (asker !== undefined) this.#forget(asker);
  }

  /** A worker came, or takes events again. */
  served(): void {
    for (const asker of this.#waiting) this.#ask(asker);
  }

  /** A worker is gone. Who had asked it is not asked about twice: nobody knows how far it had come. */
  lost(peer: WorkerPeer): void {
    for (const asker of this.#askers.values()) {
      if (asker.peer !== peer) continue;
      if (asker.asked) this.#settle(asker, textAnswer(UNAVAILABLE, LOST));
      else this.#ask(asker);
    }
  }

  /** No more come. Resolves when those that workers have begun with are answered, within the time that their connections have. */
  async close(): Promise<void> {
    for (const asker of this.#waiting) {
      this.#settle(asker, textAnswer(UNAVAILABLE, 'The server is stopping.'));
    }
    if (this.#askers.size === 0) return;
    const answered = new Promise<void>((resolve) => (this.#onAnswered = resolve));
    await withinTime(this.#parts.clock, CLOSE_TIMEOUT, answered);
  }

  #ask(asker: Asker): void {
    const peer = this.#parts.workers.peerOf(asker, true);
    if (peer === undefined || peer.congested) {
      this.#waiting.add(asker);
      return;
    }
    this.#waiting.delete(asker);
    asker.asked = true;
    const { connection } = asker;
    const event = this.#event;
    event.connectionId = asker.id;
    event.clientPort = connection.remotePort;
    event.gatewayPort = connection.listener.port;
    event.flags = Flag.PLAIN_BODY;
    event.ext = connection.head;
    event.body = connection.takeBody();
    // the peer's own `send` puts a client's state into ext_data
    peer.link.send(event);
  }

  #late(asker: Asker): void {
    const { remoteAddress } = asker.connection;
    const found = asker.asked
      ? `onRequest has not answered within ${LIMIT / 1000} s`
      : `no worker could be asked for ${LIMIT / 1000} s`;
    this.#parts.counters.refused('request late');
    this.#parts.problems.warn('request late', { remoteAddress }, `an HTTP request is answered 503: ${found}`);
    this.#settle(asker, textAnswer(UNAVAILABLE, 'The server did not answer in time: try again.'));
  }

  #settle(asker: Asker, answer: WebAnswer): void {
    this.#forget(asker);
    asker.connection.answer(answer);
  }

  #forget(asker: Asker): void {
    this.#askers.delete(asker.id);
    this.#waiting.delete(asker);
    asker.timer?.cancel();
    this.#parts.workers.unbind(asker);
    if (this.#askers.size === 0) this.#onAnswered?.();
  }
}
