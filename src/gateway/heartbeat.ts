import type { Clock, Timer } from '../clock.js';
import type { Client } from './client.js';

export interface HeartbeatOptions {
  /** Seconds; 0 turns it off. */
  readonly pingInterval: number;
  /** How many intervals a client may be silent; 0: for ever. */
  readonly pingNotResponseLimit: number;
}

/**
 * GatewayWorker's heartbeat. With a limit it looks twice per interval, and a client that was silent for `limit` intervals
 * is dropped; a client that spoke since the last look is not pinged.
 *
 * A client whose socket we are not reading is exempt: neither its pongs nor its end can be seen.
 */
export class Heartbeat {
  readonly #options: HeartbeatOptions;
  readonly #clients: () => Iterable<Client>;
  readonly #exempt: (client: Client) => boolean;
  readonly #ping: (client: Client) => void;
  readonly #drop: (client: Client) => void;
  readonly #timer: Timer | undefined;

  constructor(
    options: HeartbeatOptions,
    clock: Clock,
    clients: () => Iterable<Client>,
    exempt: (client: Client) => boolean,
    ping: (client: Client) => void,
    drop: (client: Client) => void,
  ) {
    this.#options = options;
    this.#clients = clients;
    this.#exempt = exempt;
    this.#ping = ping;
    this.#drop = drop;
    const { pingInterval, pingNotResponseLimit } = options;
    if (pingInterval > 0) {
      const period = (pingNotResponseLimit > 0 ? pingInterval / 2 : pingInterval) * 1000;
      this.#timer = clock.setInterval(() => this.beat(), period);
    }
  }

  /** One look at every client. */
  beat(): void {
    const limit = this.#options.pingNotResponseLimit;
    for (const client of this.#clients()) {
      if (!client.reading || this.#exempt(client)) continue;
      if (limit > 0 && client.silentRounds >= limit * 2) {
        this.#drop(client);
        continue;
      }
      client.silentRounds++;
      // with a limit there are two looks per interval, and only every other one pings
      if (client.silentRounds === 0 || (limit > 0 && client.silentRounds % 2 === 1)) continue;
      this.#ping(client);
    }
  }

  close(): void {
    this.#timer?.cancel();
  }
}
