import type { Clock } from '../base/clock.js';
import type { LogOnce } from '../base/log-once.js';
import { ipToNumber } from '../wire/client-id.js';
import { Command, Flag } from '../wire/command.js';
import { encodeHandshake } from '../wire/handshake.js';
import { ClientRecord } from './client-record.js';
import type { Counters } from './counters.js';
import type { Delivery } from './delivery.js';
import type { Directory } from './directory.js';
import type { Dispatcher, DispatcherHost } from './dispatcher.js';
import { EndedClients } from './ended-clients.js';
import type { Admission, ClientHost, Connection, HandshakeRequest, Health } from './protocols/protocol.js';
import type { Workers } from './workers.js';

const EMPTY = Buffer.alloc(0);
/** Clients closed per turn of the event loop at a shutdown, so that their close handshakes do not all wait for one. */
const CLOSES_PER_TURN = 500;
const GOING_AWAY = 1001;
/** Milliseconds without any worker after which new clients are turned away; those that are here go on waiting. */
const UNSERVED_LIMIT = 10_000;

/** What the gateway's clients are looked after with. */
export interface ClientsParts {
  readonly maxConnections: number;
  readonly clock: Clock;
  readonly problems: LogOnce;
  readonly counters: Counters;
  readonly directory: Directory;
  readonly workers: Workers;
  readonly dispatcher: Dispatcher;
  readonly delivery: Delivery;
}

/** The clients that are here, from their coming in to their end: what listeners report becomes events. */
export class Clients implements ClientHost, DispatcherHost {
  readonly #maxConnections: number;
  readonly #problems: LogOnce;
  readonly #counters: Counters;
  readonly #directory: Directory;
  readonly #workers: Workers;
  readonly #dispatcher: Dispatcher;
  readonly #delivery: Delivery;
  readonly #ended: EndedClients;
  #stopping = false;
  #onEmpty: (() => void) | undefined;

  constructor(parts: ClientsParts) {
    this.#maxConnections = parts.maxConnections;
    this.#problems = parts.problems;
    this.#counters = parts.counters;
    this.#directory = parts.directory;
    this.#workers = parts.workers;
    this.#dispatcher = parts.dispatcher;
    this.#delivery = parts.delivery;
    this.#ended = new EndedClients(
      parts.clock,
      (client) => this.#dispatcher.dispatch(client, Command.CLIENT_ENDED, Flag.PLAIN_BODY, EMPTY),
      (client) => this.finish(client),
    );
  }

  // ---- what listeners report ----

  get health(): Health {
    if (this.#stopping) return 'stopping';
    return this.#workers.unservedFor > UNSERVED_LIMIT ? 'unavailable' : 'ok';
  }

  admits(): Admission {
    const limit = this.#maxConnections;
    let admission: Admission = 'welcome';
    if (this.#stopping || (limit > 0 && this.#directory.size >= limit)) admission = 'full';
    else if (this.#workers.unservedFor > UNSERVED_LIMIT) admission = 'unavailable';
    if (admission !== 'welcome') this.#counters.refusedConnections++;
    return admission;
  }

  opened(connection: Connection, handshake?: HandshakeRequest): void {
    const client = new ClientRecord(this.#directory.nextId(), connection, ipv4(connection.remoteAddress));
    connection.client = client;
    this.#directory.add(client);
    this.#counters.connections++;
    connection.listener.connections++;
    // an address that fits no field of a frame travels in the state
    if (client.address !== '') client.ensureState();
    if (handshake !== undefined) this.#workers.introduce(client, handshake.url);
    this.#dispatcher.dispatch(client, Command.ON_CONNECT, Flag.PLAIN_BODY, EMPTY);
    if (handshake === undefined) return;
    const { remoteAddress, remotePort, listener } = connection;
    const body = encodeHandshake({ ...handshake, remoteAddress, remotePort, serverPort: listener.port });
    this.#dispatcher.dispatch(client, Command.ON_WEBSOCKET_CONNECT, 0, body);
  }

  message(connection: Connection, data: Buffer, binary: boolean): void {
    const client = connection.client as ClientRecord;
    client.silentRounds = -1;
    this.#counters.messagesIn++;
    const flags = binary ? Flag.PLAIN_BODY | Flag.BINARY : Flag.PLAIN_BODY;
    this.#dispatcher.dispatch(client, Command.ON_MESSAGE, flags, data);
  }

  alive(connection: Connection): void {
    const client = connection.client as ClientRecord;
    client.silentRounds = -1;
    client.pulse?.answered();
  }

  ended(connection: Connection, patience: number): void {
    this.#ended.add(connection.client as ClientRecord, patience);
  }

  closed(connection: Connection): void {
    const client = connection.client as ClientRecord;
    client.gone = true;
    this.#ended.delete(client);
    client.reading = false;
    client.outgoing = undefined;
    this.#dispatcher.dispatch(client, Command.ON_CLOSE, Flag.PLAIN_BODY, EMPTY);
    this.#directory.remove(client);
    connection.listener.connections--;
    this.#dispatcher.forget(client);
    if (this.#directory.size === 0) this.#onEmpty?.();
  }

  refused(kind: string, remoteAddress: string, message: string): void {
    this.#counters.refused(kind);
    this.#problems.warn(kind, { remoteAddress }, message);
  }

  // ---- what the dispatcher reports ----

  unheard(client: ClientRecord): void {
    this.#ended.unheard(client);
  }

  datagramDropped({ connection: { remoteAddress } }: ClientRecord): void {
    this.#counters.datagramsDropped++;
    this.#problems.warn(
      'datagram dropped',
      { remoteAddress },
      'a datagram is dropped: too many of its client wait',
    );
  }

  // ---- how a client ends ----

  /** Closes a client, after what it was sent. `code` and `reason` are a websocket's. */
  kick(client: ClientRecord, code?: number, reason?: string): void {
    this.#delivery.flush(client);
    this.#dispatcher.resumeReading(client);
    client.connection.close(code, reason);
  }

  /** A client that sends no more has been answered. */
  finish(client: ClientRecord): void {
    // a worker that asks for it without need ends nobody
    if (!this.#ended.has(client)) return;
    this.#delivery.flush(client);
    client.connection.finish();
  }

  /** Takes no more clients, and closes those that are here. Resolves when the last one is gone. */
  async close(): Promise<void> {
    this.#stopping = true;
    this.#ended.close();
    let count = 0;
    for (const client of this.#directory.clients()) {
      this.kick(client, GOING_AWAY, 'server is stopping');
      if (++count % CLOSES_PER_TURN === 0) await new Promise<void>((resolve) => void setImmediate(resolve));
    }
    if (this.#directory.size > 0) await new Promise<void>((resolve) => (this.#onEmpty = resolve));
  }

  /** Ends every connection at once. */
  destroy(): void {
    for (const client of this.#directory.clients()) client.connection.destroy();
  }
}

/** 0 for an IPv6 address, and for none: a connection that was reset before it was seen has no address any more. */
function ipv4(address: string): number {
  return address === '' || address.includes(':') ? 0 : ipToNumber(address);
}
