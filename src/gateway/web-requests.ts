import { type Clock, withinTime } from '../base/clock.js';
import type { LogOnce } from '../base/log-once.js';
import type { GatewayAddress } from '../wire/client-id.js';
import { Command, Flag } from '../wire/command.js';
import { emptyFrame } from '../wire/frame.js';
import { LOST } from '../wire/lost-answer.js';
import { type WebAnswer, textAnswer } from '../wire/web-request.js';
import type { Counters } from './counters.js';
import type { Directory } from './directory.js';
import type { HttpExchange } from './protocols/protocol.js';
import { CLOSE_TIMEOUT } from './protocols/timeouts.js';
import { type Guest, Questions } from './questions.js';
import type { WorkerPeer } from './worker-peer.js';
import type { Workers } from './workers.js';

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

/**
 * Plain HTTP requests that the application answers (`onRequest`). A worker is chosen for each as for a client, among those
 * whose code has that. Each is answered: by its worker, when that is lost, or in time.
 */
export class WebRequests {
  readonly #parts: WebRequestsParts;
  readonly #questions: Questions<HttpExchange>;
  readonly #event = emptyFrame();
  #onAnswered: (() => void) | undefined;

  constructor(parts: WebRequestsParts) {
    const { address, clock, directory, workers } = parts;
    this.#parts = parts;
    this.#event.command = Command.ON_REQUEST;
    this.#event.localIp = address.ip;
    this.#event.localPort = address.port;
    this.#questions = new Questions({
      clock,
      directory,
      workers,
      limit: LIMIT,
      peerOf: (guest) => workers.peerOf(guest, true),
      ask: (guest, peer) => this.#ask(guest, peer),
      lost: (guest) => this.#answer(guest, textAnswer(UNAVAILABLE, LOST)),
      late: (guest) => this.#late(guest),
    });
  }

  ask(request: HttpExchange): void {
    this.#questions.add(request);
  }

  /** What a worker says. One that was given up meanwhile is nobody's concern any more. */
  answered(id: number, answer: WebAnswer): void {
    const guest = this.#questions.take(id);
    if (guest !== undefined) this.#answer(guest, answer);
  }

  /** It has gone away, or has been answered. */
  left({ id }: HttpExchange): void {
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

  /** No more come. Resolves when those that workers have begun with are answered, within the time that their connections have. */
  async close(): Promise<void> {
    for (const { id } of this.#questions.waiting()) {
      this.answered(id, textAnswer(UNAVAILABLE, 'The server is stopping.'));
    }
    if (this.#questions.size > 0) {
      const answered = new Promise<void>((resolve) => (this.#onAnswered = resolve));
      await withinTime(this.#parts.clock, CLOSE_TIMEOUT, answered);
    }
    this.#questions.close();
  }

  #ask({ id, connection }: Guest<HttpExchange>, peer: WorkerPeer): void {
    const event = this.#event;
    event.connectionId = id;
    event.clientPort = connection.remotePort;
    event.gatewayPort = connection.listener.port;
    event.flags = Flag.PLAIN_BODY;
    event.ext = connection.head;
    event.body = connection.takeBody();
    // the peer's own `send` puts a client's state into ext_data
    peer.link.send(event);
  }

  #late(guest: Guest<HttpExchange>): void {
    const { remoteAddress } = guest.connection;
    const found = guest.asked
      ? `onRequest has not answered within ${LIMIT / 1000} s`
      : `no worker could be asked for ${LIMIT / 1000} s`;
    this.#parts.counters.refused('request late');
    this.#parts.problems.warn('request late', { remoteAddress }, `an HTTP request is answered 503: ${found}`);
    this.#answer(guest, textAnswer(UNAVAILABLE, 'The server did not answer in time: try again.'));
  }

  #answer(guest: Guest<HttpExchange>, answer: WebAnswer): void {
    this.#leave(guest);
    guest.connection.answer(answer);
  }

  #leave(guest: Guest<HttpExchange>): void {
    this.#parts.workers.unbind(guest);
    if (this.#questions.size === 0) this.#onAnswered?.();
  }
}
