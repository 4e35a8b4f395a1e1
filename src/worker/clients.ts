import { type ClientAddress, type GatewayAddress, parseClientId } from '../wire/client-id.js';
import { Command } from '../wire/command.js';
import { type ClientEvents, GATEWAY_GONE } from './client-events.js';
import { ClientMap } from './client-map.js';
import type { ClientReports } from './client-reports.js';
import type { Client } from './client.js';
import { ClosedUnseen } from './closed-unseen.js';
import type { WaitingEvents } from './waiting-events.js';

/** The clients of which this thread has seen an event and not yet the end, and what it knows of closed ones. */
export class Clients extends ClientMap<Client> {
  readonly #waiting: WaitingEvents;
  readonly #reports: ClientReports;
  readonly #onGone: (client: Client) => void;
  readonly #closedUnseen = new ClosedUnseen();

  /** @param onGone a client that was asked something answers no more */
  constructor(waiting: WaitingEvents, reports: ClientReports, onGone: (client: Client) => void) {
    super();
    this.#onGone = onGone;
    this.#waiting = waiting;
    this.#reports = reports;
  }

  /** The client with this id, if there is one. @throws GW_CLIENT_ID */
  find(clientId: string): Client | undefined {
    return this.get(parseClientId(clientId));
  }

  /** Whether this client is one of this worker's, whose end has not come. */
  owns(address: Readonly<ClientAddress>): boolean {
    const events = this.get(address)?.events;
    return events !== undefined && events.command !== Command.ON_CLOSE;
  }

  /** The first event of a client has come. */
  add(client: Client): void {
    this.set(client.events, client);
    client.events.closed = this.#closedUnseen.take(client);
  }

  /** A call has closed this client. If it is this worker's, of what waits and what still comes only its end is for a handler. */
  closed(address: Readonly<ClientAddress>): void {
    const client = this.get(address);
    if (client === undefined) this.#closedUnseen.add(address);
    else this.#silence(client.events);
  }

  /** Nothing more of it comes. */
  override delete(address: Readonly<ClientAddress>): void {
    const client = this.get(address);
    if (client !== undefined && client.events.asked > 0) this.#onGone(client);
    super.delete(address);
  }

  /** Threads before this one have closed these clients. */
  inheritClosed(clientIds: readonly string[]): void {
    for (const clientId of clientIds) {
      const client = this.find(clientId);
      if (client === undefined) this.#closedUnseen.inherit(clientId);
      else this.#silence(client.events);
    }
  }

  /**
   * The link to a gateway broke: its clients are other workers' from now on, or gone, unless they come back. What this
   * worker has of their events it still handles, and before anything that comes later.
   *
   * @returns those whose events wait for nothing any more
   */
  forget(gateway: GatewayAddress): Client[] {
    const free: Client[] = [];
    for (const client of this.#closedUnseen.forget(gateway)) this.#reports.forgotten(client);
    for (const client of this.of(gateway)) {
      const { events } = client;
      events.paused = false;
      if (events.routes > 0) this.#reports.answered(events, events.routes);
      events.routes = 0;
      events.moving = false;
      // should it come back, it may have been closed or not
      if (events.closed) this.#reports.forgotten(events);
      events.closed = false;
      const waits = (events.waiting?.length ?? 0) > 0;
      if (events.asked > 0) this.#onGone(client);
      if (events.busy || waits) events.wait(GATEWAY_GONE);
      else this.delete(events);
      if (waits && !events.busy) free.push(client);
    }
    return free;
  }

  #silence(events: ClientEvents): void {
    if (events.closed) return;
    events.closed = true;
    this.#waiting.dropAllButEnd(events);
  }
}
