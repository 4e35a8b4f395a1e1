import type { Clock, Timer } from '../base/clock.js';
import type { ClientRecord } from './client-record.js';
import { Pulse } from './pulse.js';
import { kernelSendQueues } from './kernel-send-queues.js';

export interface HeartbeatOptions {
  /** Seconds; 0 turns it off. */
  readonly pingInterval: number;
  /** How many intervals a client may be silent; 0: for ever. */
  readonly pingNotResponseLimit: number;
}

/** Bytes: as much of a message may be on its way for longer than a client may be silent. */
const LARGE = 64 * 1024;

/** A silent client, which is about to be dropped, unless it turns out to have taken something. */
interface Suspect {
  readonly client: ClientRecord;
  readonly pulse: Pulse;
  readonly descriptor: number;
  /** What the system had taken when the question was put. */
  readonly taken: number;
  /** Whether it is to be dropped now; else at the next look. */
  readonly last: boolean;
}

/**
 * GatewayWorker's heartbeat. With a limit it looks twice per interval, and a client that was silent for `limit` intervals
 * is dropped; a client that spoke since the last look is not pinged.
 *
 * Bytes that come in, and bytes that the client takes, are signs of life as messages are: a large message is on its way for
 * long, and the ping waits behind it. The last megabytes of one lie with the operating system, which is asked about silent
 * clients that may be taking them, at each look, to compare; about others, that were sent little, before they are dropped.
 *
 * A client whose socket we are not reading is exempt: neither its pongs nor its end can be seen.
 */
export class Heartbeat {
  readonly #options: HeartbeatOptions;
  readonly #clients: () => Iterable<ClientRecord>;
  readonly #exempt: (client: ClientRecord) => boolean;
  readonly #ping: (client: ClientRecord) => void;
  readonly #drop: (client: ClientRecord) => void;
  readonly #queues: typeof kernelSendQueues;
  readonly #timer: Timer | undefined;
  #asking = false;
  #closed = false;

  /** @param ping writes a heartbeat at once @param queues asks the operating system what it holds */
  constructor(
    options: HeartbeatOptions,
    clock: Clock,
    clients: () => Iterable<ClientRecord>,
    exempt: (client: ClientRecord) => boolean,
    ping: (client: ClientRecord) => void,
    drop: (client: ClientRecord) => void,
    queues: typeof kernelSendQueues = kernelSendQueues,
  ) {
    this.#options = options;
    this.#clients = clients;
    this.#exempt = exempt;
    this.#ping = ping;
    this.#drop = drop;
    this.#queues = queues;
    const { pingInterval, pingNotResponseLimit } = options;
    if (pingInterval > 0) {
      const period = (pingNotResponseLimit > 0 ? pingInterval / 2 : pingInterval) * 1000;
      this.#timer = clock.setInterval(() => this.beat(), period);
    }
  }

  /** One look at every client. */
  beat(): void {
    const limit = this.#options.pingNotResponseLimit;
    const suspects: Suspect[] = [];
    for (const client of this.#clients()) {
      if (!client.reading || this.#exempt(client)) continue;
      const { flow } = client.connection;
      if (flow !== undefined && (client.pulse ??= new Pulse()).look(flow)) client.silentRounds = -1;
      const last = limit > 0 && client.silentRounds >= limit * 2;
      const { pulse } = client;
      if (client.silentRounds < 0) pulse?.quiet();
      if (flow !== undefined && pulse !== undefined && limit > 0) {
        const enough = client.silentRounds < limit * 2 - 1 ? LARGE : 1;
        if (pulse.doubtful >= enough) {
          suspects.push({ client, pulse, descriptor: flow.descriptor, taken: pulse.taken, last });
          if (last) continue;
        }
      }
      if (last) {
        this.#drop(client);
        continue;
      }
      client.silentRounds++;
      // with a limit there are two looks per interval, and only every other one pings
      if (client.silentRounds === 0 || (limit > 0 && client.silentRounds % 2 === 1)) continue;
      this.#ping(client);
      if (flow !== undefined) pulse?.beaten(flow);
    }
    if (suspects.length > 0 && !this.#asking) void this.#ask(suspects);
  }

  /** Drops those that have taken nothing. Whoever could not be asked about, since one answer is still to come, is next time. */
  async #ask(suspects: readonly Suspect[]): Promise<void> {
    this.#asking = true;
    const queues = await this.#queues(suspects.map(({ descriptor }) => descriptor));
    this.#asking = false;
    for (const { client, pulse, descriptor, taken, last } of suspects) {
      // it has spoken since, or nothing is seen of it any more
      if (this.#closed || client.gone || !client.reading || client.silentRounds < 0) continue;
      const held = queues.get(descriptor);
      if (held === undefined && !last) continue;
      // where the system cannot be asked, what it has taken counts as the client's
      if (pulse.confirm(taken - (held ?? 0))) client.silentRounds = -1;
      else if (last) this.#drop(client);
    }
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
  }
}
