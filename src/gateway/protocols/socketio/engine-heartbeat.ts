import type { Clock } from '../../../base/clock.js';
import { Deadlines } from '../../../base/deadlines.js';
import type { EngineSocket } from './engine-socket.js';

/** Milliseconds by which we may be late ourselves: beyond that the answers wait to be read. */
const STILL = 1_000;

/**
 * The heartbeat of Engine.IO 4: the server pings, whatever else it sends, since a client takes nothing but pings for a sign
 * of life; and the client answers each.
 */
export class EngineHeartbeat {
  /** Who is to be pinged. */
  readonly #due: Deadlines<EngineSocket>;
  /** Who has to answer. */
  readonly #asked: Deadlines<EngineSocket>;

  /** @param interval milliseconds from one answer to the next ping @param timeout milliseconds for an answer */
  constructor(clock: Clock, interval: number, timeout: number) {
    this.#due = new Deadlines(clock, interval, (socket) => {
      this.#asked.add(socket);
      socket.ping();
    });
    this.#asked = new Deadlines(clock, timeout, (socket, late) => {
      // what it sends may be long, or not be read at the moment: its answer waits behind that
      if (socket.moves() || late > STILL) this.#asked.add(socket);
      else socket.destroy();
    });
  }

  add(socket: EngineSocket): void {
    this.#due.add(socket);
  }

  /** It has answered. */
  answered(socket: EngineSocket): void {
    if (this.#asked.delete(socket)) this.#due.add(socket);
  }

  delete(socket: EngineSocket): void {
    this.#due.delete(socket);
    this.#asked.delete(socket);
  }

  close(): void {
    this.#due.close();
    this.#asked.close();
  }
}
