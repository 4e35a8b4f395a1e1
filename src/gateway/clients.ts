import { type Clock, elapse } from '../base/clock.js';
import type { LogOnce } from '../base/log-once.js';
import { type GatewayAddress, formatClientId, ipToNumber } from '../wire/client-id.js';
import { Command, Flag } from '../wire/command.js';
import type { HandshakeAnswer, HandshakeGrant } from '../wire/handshake-answer.js';
import { encodeHandshake } from '../wire/handshake.js';
import { SUBPROTOCOL, encodeHello } from '../wire/subprotocol.js';
import type { WebAnswer } from '../wire/web-request.js';
import { ClientRecord } from './client-record.js';
import { ClientEnds } from './client-ends.js';
import type { Counters } from './counters.js';
import type { Delivery } from './delivery.js';
import type { Directory } from './directory.js';
import type { Dispatcher, DispatcherHost } from './dispatcher.js';
import { EndedClients } from './ended-clients.js';
import { Handshakes } from './handshakes.js';
import { Newcomers } from './newcomers.js';
import { OutgoingMessage } from './outgoing-message.js';
import type { Guest } from './questions.js';
import type {
  Admission,
  Arrival,
  ClientHost,
  Connection,
  HandshakeRequest,
  Health,
  HttpExchange,
} from './protocols/protocol.js';
import { Rates, type RatesHost } from './rates.js';
import { WebRequests } from './web-requests.js';
import type { WorkerPeer } from './worker-peer.js';
import type { Workers } from './workers.js';
import type { EndedBy } from '../wire/client-end.js';

const EMPTY = Buffer.alloc(0);
/** Clients closed per turn of the event loop at a shutdown, so that their close handshakes do not all wait for one. */
const CLOSES_PER_TURN = 500;
/** Milliseconds between two batches where the closes are spread over a time. */
const CLOSE_STEP = 50;
const NORMAL = 1000;
const GOING_AWAY = 1001;
const POLICY_VIOLATION = 1008;
/** Milliseconds without any worker after which new clients are turned away; those that are here go on waiting. */
const UNSERVED_LIMIT = 10_000;

/** What the gateway's clients are looked after with. */
export interface ClientsParts {
  readonly maxConnections: number;
  /** The gateway's inner one. */
  readonly address: GatewayAddress;
  readonly clock: Clock;
  readonly problems: LogOnce;
  readonly counters: Counters;
  readonly directory: Directory;
  readonly workers: Workers;
  readonly dispatcher: Dispatcher;
  readonly delivery: Delivery;
}

/** The clients that are here, from their coming in to their end: what listeners report becomes events. */
export class Clients implements ClientHost, DispatcherHost, RatesHost {
  readonly #maxConnections: number;
  readonly #address: GatewayAddress;
  readonly #problems: LogOnce;
  readonly #counters: Counters;
  readonly #directory: Directory;
  readonly #workers: Workers;
  readonly #dispatcher: Dispatcher;
  readonly #delivery: Delivery;
  readonly #ended: EndedClients;
  readonly #handshakes: Handshakes;
  readonly #requests: WebRequests;
  readonly #newcomers: Newcomers;
  readonly #rates: Rates;
  readonly #ends = new ClientEnds();
  readonly #clock: Clock;
  /** The health check says that it stops. */
  #ending = false;
  /** Nobody is let in any more. */
  #stopping = false;
  #onEmpty: (() => void) | undefined;

  constructor(parts: ClientsParts) {
    this.#maxConnections = parts.maxConnections;
    this.#address = parts.address;
    this.#clock = parts.clock;
    this.#problems = parts.problems;
    this.#counters = parts.counters;
    this.#directory = parts.directory;
    this.#workers = parts.workers;
    this.#dispatcher = parts.dispatcher;
    this.#delivery = parts.delivery;
    this.#rates = new Rates(parts.clock, this);
    this.#ended = new EndedClients(
      parts.clock,
      (client) => this.#dispatcher.dispatch(client, Command.CLIENT_ENDED, Flag.PLAIN_BODY, EMPTY),
      (client) => this.finish(client),
    );
    this.#newcomers = new Newcomers(parts.clock, (client) => this.#unknown(client));
    this.#handshakes = new Handshakes({
      ...parts,
      onWelcome: (guest, grant) => this.#letIn(guest, grant),
    });
    this.#requests = new WebRequests(parts);
  }

  // ---- what listeners report ----

  get health(): Health {
    if (this.#ending) return 'stopping';
    return this.#workers.unservedFor > UNSERVED_LIMIT ? 'unavailable' : 'ok';
  }

  admits(): Admission {
    const limit = this.#maxConnections;
    let admission: Admission = 'welcome';
    if (this.#stopping || (limit > 0 && this.#directory.size + this.#handshakes.size >= limit))
      admission = 'full';
    else if (this.#workers.unservedFor > UNSERVED_LIMIT) admission = 'unavailable';
    if (admission !== 'welcome') this.#counters.refusedConnections++;
    return admission;
  }

  get asks(): boolean {
    return this.#workers.handshakes;
  }

  arrived(arrival: Arrival): void {
    this.#handshakes.ask(arrival);
  }

  left(arrival: Arrival): void {
    this.#handshakes.left(arrival);
  }

  get answers(): boolean {
    return this.#workers.requests;
  }

  asked(exchange: HttpExchange): void {
    this.#requests.ask(exchange);
  }

  hungUp(exchange: HttpExchange): void {
    this.#requests.left(exchange);
  }

  opened(connection: Connection, handshake?: HandshakeRequest): void {
    this.#enter(newRecord(this.#directory.nextId(), connection), handshake);
  }

  /** Nobody has anything against it. */
  #letIn(guest: Guest<Arrival>, grant: HandshakeGrant): void {
    const opened = guest.connection.welcome(grant);
    if (opened === undefined) {
      this.#workers.unbind(guest);
      return;
    }
    const client = newRecord(guest.id, opened.connection);
    client.peer = guest.peer;
    this.#enter(client, opened.handshake, grant);
  }

  /** @param grant what it has from the beginning */
  #enter(client: ClientRecord, handshake?: HandshakeRequest, grant?: HandshakeGrant): void {
    const { connection } = client;
    connection.client = client;
    this.#directory.add(client);
    this.#counters.connections++;
    connection.listener.connections++;
    connection.listener.addresses?.entered(connection.remoteAddress);
    // an address that fits no field of a frame travels in the state
    if (client.address !== '') client.ensureState();
    if (handshake !== undefined) this.#workers.introduce(client, handshake.url);
    if (grant !== undefined) this.#endow(client, grant);
    if (connection.listener.authTimeout > 0 && client.uid === undefined) this.#newcomers.add(client);
    this.#directory.watcher?.came(client, handshake?.url);
    if (handshake?.subprotocol === SUBPROTOCOL) this.#greet(client);
    connection.greet?.(formatClientId(this.#address.ip, this.#address.port, client.id));
    this.#dispatcher.dispatch(client, Command.ON_CONNECT, Flag.PLAIN_BODY, EMPTY);
    if (handshake === undefined) return;
    const { remoteAddress, remotePort, listener } = connection;
    const body = encodeHandshake({ ...handshake, remoteAddress, remotePort, serverPort: listener.port });
    this.#dispatcher.dispatch(client, Command.ON_WEBSOCKET_CONNECT, 0, body);
  }

  /** Before anything else that it is sent: no worker knows of it yet. */
  #greet(client: ClientRecord): void {
    const { ip, port } = this.#address;
    const hello = encodeHello(formatClientId(ip, port, client.id));
    this.#delivery.deliver(client, new OutgoingMessage(Buffer.from(hello), Flag.PLAIN_BODY));
  }

  #endow(client: ClientRecord, { uid, groups = [], session }: HandshakeGrant): void {
    if (uid !== undefined) {
      this.#directory.bind(client, uid);
      client.ensureState().touch();
    }
    for (const group of groups) this.#directory.join(client, group);
    if (session !== undefined) client.ensureState().replace(session);
  }

  message(connection: Connection, data: Buffer, binary: boolean, named = false): void {
    const client = connection.client as ClientRecord;
    client.silentRounds = -1;
    this.#counters.messagesIn++;
    const { rate } = connection.listener;
    if (rate !== undefined && !this.#rates.admits(client, rate, data.length)) return;
    const flags = binary ? Flag.PLAIN_BODY | Flag.BINARY : Flag.PLAIN_BODY;
    const all = named ? flags | Flag.NAMED : flags;
    this.#directory.watcher?.received(client, data, all);
    this.#dispatcher.dispatch(client, Command.ON_MESSAGE, all, data);
  }

  alive(connection: Connection): void {
    const client = connection.client as ClientRecord;
    client.silentRounds = -1;
    client.pulse?.answered();
  }

  ended(connection: Connection, patience: number): void {
    const client = connection.client as ClientRecord;
    this.#directory.watcher?.noted(client, 'end', 'sends no more');
    this.#ended.add(client, patience);
  }

  closed(connection: Connection, code = 0, reason = '', broken = false): void {
    const client = connection.client as ClientRecord;
    const end = this.#ends.take(client, code, reason, broken);
    client.gone = true;
    this.#ended.delete(client);
    this.#rates.forget(client);
    if (connection.listener.authTimeout > 0) this.#newcomers.delete(client);
    client.reading = false;
    client.outgoing = undefined;
    this.#directory.watcher?.left(client, end);
    this.#dispatcher.dispatch(client, Command.ON_CLOSE, Flag.PLAIN_BODY, end);
    this.#directory.remove(client);
    connection.listener.connections--;
    connection.listener.addresses?.left(connection.remoteAddress);
    this.#dispatcher.forget(client);
    if (this.#directory.size === 0) this.#onEmpty?.();
  }

  refused(kind: string, remoteAddress: string, message: string): void {
    this.#counters.refused(kind);
    this.#problems.warn(kind, { remoteAddress }, message);
  }

  misbehaved(connection: Connection, by: 'limit' | 'error', kind: string, message: string): void {
    this.#ends.begin(connection.client as ClientRecord, by);
    this.refused(kind, connection.remoteAddress, message);
  }

  // ---- what the dispatcher reports ----

  unheard(client: ClientRecord): void {
    this.#ended.unheard(client);
  }

  served(): void {
    this.#handshakes.served();
    this.#requests.served();
  }

  lost(peer: WorkerPeer): void {
    this.#handshakes.lost(peer);
    this.#requests.lost(peer);
  }

  datagramDropped(client: ClientRecord): void {
    const { remoteAddress } = client.connection;
    this.#directory.watcher?.noted(client, 'lost', 'a datagram of it: too many of its wait');
    this.#counters.datagramsDropped++;
    this.#problems.warn(
      'datagram dropped',
      { remoteAddress },
      'a datagram is dropped: too many of its client wait',
    );
  }

  // ---- what clients' rates are ----

  hold(client: ClientRecord): void {
    this.#rateRefused('rate pause', client, 'is not read until it may send again');
    this.#dispatcher.hold(client);
  }

  release(client: ClientRecord): void {
    this.#dispatcher.release(client);
  }

  exceeded(client: ClientRecord): void {
    this.#rateRefused('rate close', client, 'is closed');
    this.kick(client, 'limit', POLICY_VIOLATION, 'too many messages');
  }

  dropped(client: ClientRecord): void {
    this.#directory.watcher?.noted(client, 'lost', 'a datagram of it: more than the rate of its listener');
    this.#rateRefused('rate drop', client, 'cannot be paused: a datagram is dropped');
    this.#counters.datagramsDropped++;
  }

  #rateRefused(kind: string, { connection: { remoteAddress, listener } }: ClientRecord, what: string): void {
    this.refused(
      kind,
      remoteAddress,
      `A client sends more than the rate of ${listener.url} allows, and ${what}.`,
    );
  }

  // ---- what workers say ----

  /** A worker lets in who waits at the door, or not. */
  decided(id: number, answer: HandshakeAnswer): void {
    this.#handshakes.answered(id, answer);
  }

  /** A worker answers a plain HTTP request. */
  responded(id: number, answer: WebAnswer): void {
    this.#requests.answered(id, answer);
  }

  // ---- how a client ends ----

  /** Closes a client, after what it was sent. `code` (default 1000) and `reason` are a websocket's. */
  kick(client: ClientRecord, by: EndedBy, code: number = NORMAL, reason = ''): void {
    if (!this.#ended.has(client)) this.#ends.begin(client, by, code, reason);
    this.#directory.watcher?.noted(client, 'kick', `by ${by}, ${code}${reason && ` ${reason}`}`);
    this.#delivery.flush(client);
    this.#dispatcher.resumeReading(client);
    client.connection.close(code, reason);
  }

  /** Ends a client's connection at once. */
  drop(client: ClientRecord, by: EndedBy): void {
    if (!this.#ended.has(client)) this.#ends.begin(client, by);
    this.#directory.watcher?.noted(client, 'destroy', `by ${by}`);
    client.connection.destroy();
  }

  /** Its authTimeout is over, and nobody has said who it is. */
  #unknown(client: ClientRecord): void {
    const { remoteAddress, listener } = client.connection;
    const message = `a client that has no uid ${listener.authTimeout / 1000} s after it came in is closed (authTimeout of ${listener.url})`;
    this.refused('auth timeout', remoteAddress, message);
    this.kick(client, 'limit', POLICY_VIOLATION, 'no uid in time');
  }

  /** A client that sends no more has been answered. */
  finish(client: ClientRecord): void {
    // a worker that asks for it without need ends nobody
    if (!this.#ended.has(client)) return;
    this.#delivery.flush(client);
    client.connection.finish();
  }

  /** The health check says from now on that this gateway stops. Clients still come in. */
  announceEnd(): void {
    this.#ending = true;
  }

  /**
   * Takes no more clients, and closes those that are here. Resolves when the last one is gone.
   *
   * @param time milliseconds over which the closes are spread; 0: all as soon as possible
   */
  async close(time = 0): Promise<void> {
    this.#ending = true;
    this.#stopping = true;
    this.#ended.close();
    this.#handshakes.close();
    const answered = this.#requests.close();
    this.#newcomers.close();
    const clients = [...this.#directory.clients()];
    const begun = this.#clock.now();
    for (let closed = 0; closed < clients.length; ) {
      const share = time === 0 ? 1 : Math.min(1, (this.#clock.now() - begun) / time);
      const due = Math.ceil(clients.length * share);
      const next = Math.min(due, closed + CLOSES_PER_TURN);
      while (closed < next) this.kick(clients[closed++], 'node', GOING_AWAY, 'server is stopping');
      if (closed < due) await new Promise<void>((resolve) => void setImmediate(resolve));
      else if (share < 1) await elapse(this.#clock, CLOSE_STEP);
    }
    if (this.#directory.size > 0) await new Promise<void>((resolve) => (this.#onEmpty = resolve));
    await answered;
    this.#rates.close();
  }

  /** Ends every connection at once. */
  destroy(): void {
    for (const client of this.#directory.clients()) client.connection.destroy();
  }
}

function newRecord(id: number, connection: Connection): ClientRecord {
  return new ClientRecord(id, connection, ipv4(connection.remoteAddress));
}

/** 0 for an IPv6 address, and for none: a connection that was reset before it was seen has no address any more. */
function ipv4(address: string): number {
  return address === '' || address.includes(':') ? 0 : ipToNumber(address);
}
