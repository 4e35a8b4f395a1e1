import type { ThreadLink } from '../link/thread-link.js';
import {
  type ClientAddress,
  type GatewayAddress,
  formatClientId,
  isAt,
  parseClientId,
} from '../wire/client-id.js';
import { Command, Flag } from '../wire/command.js';
import type { ReceivedFrame } from '../wire/frame.js';
import type { ClientReports } from './client-reports.js';
import type { Client } from './client.js';
import type { Clients } from './clients.js';
import type { Handlers } from './handlers.js';
import type { WaitingEvents } from './waiting-events.js';

export interface ClientRoutesOptions {
  readonly link: ThreadLink;
  readonly clients: Clients;
  readonly waiting: WaitingEvents;
  readonly reports: ClientReports;
  readonly handlers: Pick<Handlers, 'isPending'>;
  /** Clients that a thread before this one is still busy with. */
  readonly unreleased: ReadonlySet<string>;
  /** Whether the client's gateway can be reached. */
  readonly reaches: (client: Readonly<ClientAddress>) => boolean;
  /** A client of which no event was seen here. */
  readonly onMet: (word: ReceivedFrame) => Client;
  /** The client's next event may start. */
  readonly onGoOn: (client: Client) => void;
}

/**
 * Which clients of this thread are to be another worker's. A call that asks its gateway where a client's events go holds
 * those back that were not begun, until the gateway has answered, behind the last of them: then they go on here, or back to
 * the gateway, and to the other worker from there.
 */
export class ClientRoutes {
  readonly #options: ClientRoutesOptions;
  /**
   * Of clients that this thread has not met: how often threads before it have asked, without an answer yet. Below zero where
   * an answer has come before it was known that somebody had asked.
   */
  readonly #inherited = new Map<string, number>();
  /** Whether the slot's events are another thread's. */
  #retired = false;
  /** Whether no event comes any more, and so no answer. */
  #ended = false;

  constructor(options: ClientRoutesOptions) {
    this.#options = options;
  }

  /** Threads before this one have asked so often where these clients' events go, and have no answer yet. */
  inherit(routes: readonly (readonly [clientId: string, count: number])[]): void {
    for (const [clientId, count] of routes) this.#inherit(clientId, count);
  }

  /** A thread before this one is done with a client, and has asked so often since this one serves. */
  released(clientId: string, client: Client | undefined, count: number): void {
    if (client === undefined) this.#inherit(clientId, count);
    else client.events.routes = Math.max(0, client.events.routes + count);
  }

  /** The first event of a client has come. */
  met({ id, events }: Client): void {
    // most often nobody has asked anything
    if (this.#inherited.size === 0) return;
    events.routes = this.#inherited.get(id) ?? 0;
    this.#inherited.delete(id);
  }

  /** A call asks where a client's events go. @returns whether it is this worker's, so that they wait for the answer */
  ask(client: Client): boolean {
    const { events } = client;
    if (this.#ended || events.command === Command.ON_CLOSE) return false;
    // one that this thread has left to another is its own for as long as its handler is pending
    if (this.#retired && !this.#options.handlers.isPending(client)) return false;
    events.routes++;
    return true;
  }

  /** The gateway says where a client's events go. */
  receive(word: ReceivedFrame, place: number): void {
    const { clients, waiting, reaches, onMet } = this.#options;
    if ((word.flags & Flag.OWN) !== 0) {
      this.#stay(word, place);
    } else if (!reaches(word)) {
      // what there is of its events is handled here, since nobody takes it back
      this.#options.link.take(place);
    } else {
      const client = clients.get(word) ?? onMet(word);
      client.events.moving = true;
      waiting.add(client.events, word, place);
      if (!client.events.busy) this.move(client);
    }
  }

  /** Nothing of a client that moves is pending here: what was not begun goes back to its gateway. */
  move({ events }: Client): void {
    const { clients, waiting, reports } = this.#options;
    const { frames, places } = waiting.takeOut(events);
    reports.moved(events, frames, events.closed);
    if (events.closed) reports.forgotten(events);
    clients.delete(events);
    this.#takeSettled(places);
  }

  /** A gateway cannot be reached any more, and answers nothing. */
  lost(gateway: GatewayAddress): void {
    for (const id of this.#inherited.keys()) if (isAt(gateway, parseClientId(id))) this.#inherited.delete(id);
    for (const client of this.#options.clients.of(gateway)) {
      if (!client.events.moving && client.events.routes <= 0) continue;
      client.events.moving = false;
      this.#goOn(client);
    }
  }

  /** The last event has come. */
  end(): void {
    this.#ended = true;
    for (const client of this.#options.clients.values()) if (client.events.routes > 0) this.#goOn(client);
  }

  /** The slot's events are another thread's from now on. */
  leave(): void {
    this.#retired = true;
  }

  #stay(word: ReceivedFrame, place: number): void {
    const { clients, unreleased, reports, onGoOn } = this.#options;
    const { localIp, localPort, connectionId } = word;
    const client = clients.get(word);
    const id = formatClientId(localIp, localPort, connectionId);
    const asked = client === undefined ? (this.#inherited.get(id) ?? 0) : client.events.routes;
    // a thread before this one may have asked without this one's knowing it yet
    if (asked > 0 || unreleased.has(id)) {
      if (client === undefined) this.#inherit(id, -1);
      else client.events.routes--;
      reports.answered(word, 1);
    }
    this.#takeSettled([place]);
    if (client !== undefined && !client.events.waits) onGoOn(client);
  }

  /** No answer will come for this client. */
  #goOn(client: Client): void {
    const { events } = client;
    if (events.routes > 0) this.#options.reports.answered(events, events.routes);
    events.routes = 0;
    if (!events.busy) this.#options.onGoOn(client);
  }

  #inherit(clientId: string, count: number): void {
    const total = (this.#inherited.get(clientId) ?? 0) + count;
    if (total === 0) this.#inherited.delete(clientId);
    else this.#inherited.set(clientId, total);
  }

  /** Should this thread die before its words have left it, the one after it is to find these events. */
  #takeSettled(places: readonly number[]): void {
    const { link } = this.#options;
    const take = (): void => {
      for (const place of places) link.take(place);
    };
    if (link.isSettled) take();
    else void link.settled().then(take);
  }
}
