import type { GatewayCalls } from '../api/gateway-calls.js';
import type { Clock } from '../base/clock.js';
import type { Logger } from '../base/log.js';
import type { Takeover } from '../link/ring-memory.js';
import type { ThreadLink } from '../link/thread-link.js';
import type { ThreadGauge } from '../ring/thread-gauge.js';
import { type ClientAddress, formatClientId } from '../wire/client-id.js';
import { Command } from '../wire/command.js';
import { ReceivedFrame, decodeFrame } from '../wire/frame.js';
import { catchUp } from './catch-up.js';
import { GATEWAY_GONE, type WaitingEvent } from './client-events.js';
import { messageOf } from './call-handler.js';
import { ClientReports } from './client-reports.js';
import { ClientRequests } from './client-requests.js';
import { ClientRoutes } from './client-routes.js';
import { Client } from './client.js';
import { Clients } from './clients.js';
import type { Events } from './events.js';
import type { GatewayDialect } from './gateway-dialect.js';
import { HandlerLog } from './handler-log.js';
import { HandlerProgress } from './handler-progress.js';
import { Handlers } from './handlers.js';
import { HeldEvents } from './held-events.js';
import { Handshakes } from './handshakes.js';
import { InheritedClients } from './inherited-clients.js';
import type { CheckedMessage } from './message-checks.js';
import { NamedMessages } from './named-messages.js';
import { SessionWriter } from './session-writer.js';
import { Turns } from './turns.js';
import { Unfinished } from './unfinished.js';
import { WaitingEvents } from './waiting-events.js';
import { WebRequests } from './web-requests.js';
import { WorkerMessages } from './worker-messages.js';

export interface BusinessWorkerOptions {
  readonly link: ThreadLink;
  readonly events: Events;
  /** Its messages with names, checked; undefined where it has none. */
  readonly messages?: ReadonlyMap<string, CheckedMessage> | undefined;
  readonly gateway: GatewayCalls;
  readonly gauge: ThreadGauge;
  readonly log: Logger;
  /** The dialect of a client's gateway. */
  readonly dialectOf: (client: Readonly<ClientAddress>) => GatewayDialect;
  /** Milliseconds after which a client's next event waits for a pending handler no longer; 0: never. */
  readonly processTimeout: number;
  /** Whether a client's gateway can be reached. */
  readonly reaches: (client: Readonly<ClientAddress>) => boolean;
  readonly clock: Clock;
}

/**
 * Decides when each event starts: those of one client in order, each after the one before is done, also when that takes a
 * promise; other clients' events meanwhile, and in turns where handlers do not give the thread back.
 */
export class BusinessWorker {
  readonly clients: Clients;
  readonly handlers: Handlers;
  readonly #messages: WorkerMessages;
  readonly #clientRequests: ClientRequests;
  readonly routes: ClientRoutes;
  readonly #handshakes: Handshakes;
  readonly #requests: WebRequests;
  readonly #waiting: WaitingEvents;
  readonly #link: ThreadLink;
  readonly #gateway: GatewayCalls;
  readonly #log: HandlerLog;
  readonly #dialectOf: BusinessWorkerOptions['dialectOf'];
  /** Handlers that are pending, and events that are about to begin. */
  readonly #unfinished = new Unfinished();
  readonly #turns: Turns;
  readonly #progress: HandlerProgress;
  readonly #waitingFrame = new ReceivedFrame();
  readonly #inherited = new InheritedClients();
  #onReleased: ((clientId: string) => void) | undefined;
  readonly #held: HeldEvents;

  constructor(options: BusinessWorkerOptions) {
    const { link, events, messages, gateway, gauge, log, dialectOf, processTimeout, reaches, clock } =
      options;
    const reports = new ClientReports(link);
    this.#link = link;
    this.#gateway = gateway;
    this.#log = new HandlerLog(log, gauge);
    this.#dialectOf = dialectOf;
    this.#waiting = new WaitingEvents(link, reports);
    this.#turns = new Turns(link, this.#unfinished, (client) => this.#next(client));
    this.#clientRequests = new ClientRequests({
      link,
      gateway,
      reports,
      clock,
      onAsked: (client) => {
        this.#waiting.readOn(client.events);
        this.#held.look();
      },
      onSettled: () => this.#held.look(),
    });
    this.#held = new HeldEvents({
      link,
      turns: this.#turns,
      requests: this.#clientRequests,
      onGoOn: (client) => this.#next(client),
      onWord: (word, place) => this.#word(word, place),
    });
    this.clients = new Clients(this.#waiting, reports, (client) => this.#clientRequests.gone(client));
    this.#progress = new HandlerProgress(link, gauge);
    const common = { events, progress: this.#progress, log: this.#log, unfinished: this.#unfinished };
    this.#messages = new WorkerMessages(common);
    this.#handshakes = new Handshakes({ ...common, reports });
    this.#requests = new WebRequests({ ...common, reports });
    this.handlers = new Handlers({
      ...common,
      named:
        messages === undefined
          ? undefined
          : new NamedMessages({
              messages,
              reports,
              requests: this.#clientRequests,
              gauge,
              log: this.#log,
              unnamed:
                events.onMessage && ((client, frame) => events.onMessage?.(client, messageOf(client, frame))),
            }),
      clients: this.clients,
      reports,
      sessions: new SessionWriter(link, reports, this.#log),
      processTimeout,
      onDone: (client) => this.#done(client),
    });
    this.routes = new ClientRoutes({
      link,
      clients: this.clients,
      waiting: this.#waiting,
      reports,
      handlers: this.handlers,
      unreleased: this.#inherited.ids,
      reaches,
      onMet: (word) => this.#meet(word),
      onGoOn: (client) => this.#next(client),
    });
  }

  /** Takes the slot's events from now on. @param pending clients that threads before this one are still busy with */
  serve(takeover: Takeover, pending: readonly string[]): void {
    this.awaitRelease(pending);
    this.clients.inheritClosed(takeover.closed);
    this.routes.inherit(takeover.routes);
    this.#link.receiveEvents(takeover, () => {
      this.#waiting.makeRoom();
      this.#turns.begin();
      this.#progress.beginAnew();
    });
  }

  /** An event arrived. */
  handle(frame: ReceivedFrame, place: number): void {
    if (frame.command > Command.CLIENT_ENDED) {
      this.#word(frame, place);
      return;
    }
    const client = this.clients.get(frame) ?? this.#meet(frame);
    if (!client.events.wants(frame.command)) {
      this.#link.take(place);
      return;
    }
    if (client.events.asked > 0 && this.#clientRequests.takes(client, frame, place)) return;
    if (client.events.waits) {
      const { command } = frame;
      if (command === Command.CLIENT_ENDED || command === Command.ON_CLOSE)
        this.#clientRequests.ended(client, frame);
      this.#waiting.add(client.events, frame, place);
      return;
    }
    if (this.#turns.isOver()) {
      this.#waiting.add(client.events, frame, place);
      this.#turns.rest(client);
      return;
    }
    this.#link.take(place);
    this.handlers.start(client, frame);
  }

  /** A thread before this one is still busy with these clients: their events wait until each is released. */
  awaitRelease(clientIds: readonly string[]): void {
    this.#inherited.add(clientIds);
  }

  /** The thread before this one is done with the client. @param routes as SlotMessage's */
  release(clientId: string, routes: number): void {
    if (!this.#inherited.take(clientId)) return;
    const client = this.clients.find(clientId);
    this.routes.released(clientId, client, routes);
    if (client !== undefined) {
      if (client.events.inherited) client.events.asked--;
      client.events.inherited = false;
      this.#catchUp(client);
    }
    this.#inherited.taken();
  }

  /**
   * Another thread takes over: what waits here is left to it, and only the handlers that are pending go on.
   *
   * @param onReleased called for each of their clients when it is done
   */
  retire(onReleased: (clientId: string) => void): void {
    this.#onReleased = onReleased;
    this.routes.leave();
    this.#waiting.leave(this.clients.values());
    this.#turns.leave();
    this.#inherited.leave();
    this.#held.leave();
  }

  /** Resolves when no handler is pending, and no client waits for a thread before this one. */
  async idle(): Promise<void> {
    await this.#inherited.none();
    await this.#unfinished.none();
  }

  /** From now on no event begins until {@link goOn}. Resolves when no handler is pending. */
  async hold(): Promise<void> {
    this.#held.begin();
    await this.#unfinished.none();
  }

  /** Events begin again: first those that have waited in here. */
  goOn(): void {
    this.#held.end();
  }

  /** Says how much was left out of the log. */
  close(): void {
    this.#log.close();
  }

  /** What came is about a client, or all of a gateway, and nothing that one did; or another worker has sent it. */
  #word(frame: ReceivedFrame, place: number): void {
    const { command, localIp, localPort, connectionId } = frame;
    if (this.#held.holdsWord(frame, place)) return;
    switch (command) {
      case Command.CLIENT_CLOSED:
        this.clients.inheritClosed([formatClientId(localIp, localPort, connectionId)]);
        return;
      case Command.GATEWAY_GONE:
        this.#link.take(place);
        for (const client of this.clients.forget({ ip: localIp, port: localPort })) this.#next(client);
        return;
      case Command.CLIENT_ROUTED:
        this.routes.receive(frame, place);
        return;
      case Command.CLIENT_ANSWERED:
        this.#clientRequests.receive(this.clients.get(frame), frame);
        return;
      case Command.ON_HANDSHAKE:
        this.#link.take(place);
        this.#handshakes.start(frame);
        return;
      case Command.ON_REQUEST:
        this.#link.take(place);
        this.#requests.start(frame);
        return;
      case Command.ON_WORKER_MESSAGE:
        this.#link.take(place);
        this.#messages.start(frame);
    }
  }

  /** The first event of a client has come, or the word that it is to be another worker's. */
  #meet(event: ReceivedFrame): Client {
    const { command } = event;
    const client = new Client(this.#gateway, this.#clientRequests, event, this.#dialectOf(event));
    const { events } = client;
    this.clients.add(client);
    this.routes.met(client);
    if (this.#inherited.has(client)) {
      events.busy = true;
      events.inherited = true;
      events.asked = 1;
    } else if (command !== Command.ON_CONNECT && command !== Command.CLIENT_ROUTED && !events.closed) {
      this.#catchUp(client);
    }
    return client;
  }

  /** The client was another thread's before. */
  #catchUp(client: Client): void {
    client.events.busy = true;
    this.#unfinished.begin();
    void catchUp(this.#gateway, client, this.#log).then(() => {
      this.#next(client);
      this.#unfinished.end();
    });
  }

  #done(client: Client): void {
    this.#onReleased?.(client.id);
    this.#next(client);
  }

  /** Nothing of the client is pending any more: its next events may start. */
  #next(client: Client): void {
    const { events } = client;
    if (this.#held.holds(client)) return;
    events.busy = false;
    if (events.moving) {
      this.routes.move(client);
      return;
    }
    if (events.routes > 0) return;
    this.#progress.beginAnew();
    for (let first = true; events.waiting !== undefined && events.waiting.length > 0; first = false) {
      // nor does one begin before what the handlers before it have sent is on its way
      if ((this.#turns.look() || !this.#link.isSettled) && !first) {
        this.#turns.rest(client);
        break;
      }
      const next = this.#waiting.next(events) as WaitingEvent;
      if (next === GATEWAY_GONE) {
        this.#beginAnew(client);
        break;
      }
      if (next.command === Command.CLIENT_ROUTED) {
        // it was to be another worker's, before the link to its gateway broke
        this.#link.take(next.place);
        continue;
      }
      if (this.#link.take(next.place)) {
        this.handlers.start(client, decodeFrame(next.frame, this.#waitingFrame));
      } else {
        this.#startLater(client, next.frame);
      }
      if (events.waits) break;
    }
    this.#waiting.readOn(events);
  }

  /** Everything before the break is done. What this worker had changed since may be lost, or changed again by another. */
  #beginAnew(client: Client): void {
    if (client.events.waiting === undefined || client.events.waiting.length === 0) {
      this.clients.delete(client.events);
      return;
    }
    client.forgetView();
    this.#catchUp(client);
  }

  /** Nobody but this thread knows yet that the event is being started: if it died now, the next one would start it again. */
  #startLater(client: Client, frame: Buffer): void {
    client.events.busy = true;
    this.#unfinished.begin();
    void this.#link.settled().then(() => {
      client.events.busy = false;
      this.#progress.beginAnew();
      const event = decodeFrame(frame, this.#waitingFrame);
      if (client.events.wants(event.command)) this.handlers.start(client, event);
      if (!client.events.busy) this.#next(client);
      this.#unfinished.end();
    });
  }
}
