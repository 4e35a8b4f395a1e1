import { AsyncLocalStorage } from 'node:async_hooks';
import type { GatewayCalls } from '../api/gateway-calls.js';
import type { CurrentClient } from '../api/transport.js';
import { messageOf } from '../base/error-text.js';
import type { ThreadLink } from '../link/thread-link.js';
import { systemClock } from '../base/clock.js';
import { LogOnce } from '../base/log-once.js';
import type { Logger } from '../base/log.js';
import type { ThreadGauge } from '../ring/thread-gauge.js';
import { type ClientAddress, type GatewayAddress, formatClientId, parseClientId } from '../wire/client-id.js';
import { NO_STATE, decodeClientState } from '../wire/client-state.js';
import { Command, commandName, eventName } from '../wire/command.js';
import { ReceivedFrame, decodeFrame, emptyFrame } from '../wire/frame.js';
import { decodeHandshake } from '../wire/handshake.js';
import { type ClientEvents, GATEWAY_GONE, type WaitingEvent } from './client-events.js';
import { ClientMap } from './client-map.js';
import { Client } from './client.js';
import { ClosedUnseen } from './closed-unseen.js';
import type { GatewayDialect } from './gateway-dialect.js';
import type { SessionChange } from './session-view.js';
import type { Events } from './events.js';

/** Bytes of one client's events that may wait in this thread before the gateway is asked to send no more for now. */
const WAITING_BYTES_PER_CLIENT = 256 * 1024;
/** Lines a minute about handlers that fail in the same way: enough to see which clients it concerns. */
const FAILURES_PER_MINUTE = 10;
/** Characters of a message that tell one failure from another. */
const KIND_LENGTH = 100;
/** The share of the event ring that waiting events may hold before the oldest of them move out. */
const HELD_SHARE = 0.25;
/** Keys of one session that may be refused one by one. A session that makes up new ones would go on for ever. */
const MOST_REFUSALS = 100;

export interface BusinessWorkerOptions {
  readonly link: ThreadLink;
  readonly events: Events;
  readonly gateway: GatewayCalls;
  readonly gauge: ThreadGauge;
  readonly log: Logger;
  /** The dialect of a client's gateway. */
  readonly dialectOf: (client: Readonly<ClientAddress>) => GatewayDialect;
  /** Milliseconds after which a client's next event waits for a pending handler no longer; 0: never. */
  readonly processTimeout: number;
}

/**
 * Runs the developer's handlers: the events of one client in order, each after the one before is done, also when that
 * takes a promise; other clients' events meanwhile.
 */
export class BusinessWorker implements CurrentClient {
  readonly #link: ThreadLink;
  readonly #events: Events;
  readonly #gateway: GatewayCalls;
  readonly #gauge: ThreadGauge;
  /** For what clients can provoke. */
  readonly #log: LogOnce;
  readonly #dialectOf: BusinessWorkerOptions['dialectOf'];
  readonly #processTimeout: number;
  readonly #context = new AsyncLocalStorage<Client>();
  readonly #clients = new ClientMap<Client>();
  readonly #closedUnseen = new ClosedUnseen();
  /** Waiting events whose frames are still in the ring, oldest first. */
  readonly #inRing = new Set<WaitingEvent>();
  readonly #waitingFrame = new ReceivedFrame();
  readonly #outgoing = emptyFrame();
  /** Clients whose handlers are pending, the longest first. */
  readonly #handling = new Set<Client>();
  /** Clients that a thread before this one is still busy with, and has not released: their events wait. */
  #unreleased = new Set<string>();
  #onReleased: ((clientId: string) => void) | undefined;
  /** Places in the gauge of handlers that have ended, and of which something is still in this thread. */
  readonly #unsettled: number[] = [];
  /** Handlers, and whatever else has to end before this worker may. */
  #pending = 0;
  #onIdle: (() => void) | undefined;

  constructor({ link, events, gateway, gauge, log, dialectOf, processTimeout }: BusinessWorkerOptions) {
    this.#link = link;
    this.#events = events;
    this.#gateway = gateway;
    this.#gauge = gauge;
    this.#log = new LogOnce(log, systemClock, FAILURES_PER_MINUTE);
    this.#dialectOf = dialectOf;
    this.#processTimeout = processTimeout;
  }

  currentClientId(): string | undefined {
    return this.#context.getStore()?.id;
  }

  /** The client with this id, if this worker has seen an event of it and not yet its end. @throws GW_CLIENT_ID */
  find(clientId: string): Client | undefined {
    return this.#clients.get(parseClientId(clientId));
  }

  /** Whether this client is one of this worker's, whose end has not come. */
  has(address: Readonly<ClientAddress>): boolean {
    const events = this.#clients.get(address)?.events;
    return events !== undefined && events.command !== Command.ON_CLOSE;
  }

  /** A call has closed this client. If it is this worker's, of what waits and what still comes only its end is for a handler. */
  closed(address: Readonly<ClientAddress>): void {
    const client = this.#clients.get(address);
    if (client === undefined) this.#closedUnseen.add(address);
    else this.#silence(client.events);
  }

  /** Threads before this one have closed these clients. */
  inheritClosed(clientIds: readonly string[]): void {
    for (const clientId of clientIds) {
      const client = this.find(clientId);
      if (client === undefined) this.#closedUnseen.inherit(clientId);
      else this.#silence(client.events);
    }
  }

  /** An event arrived. */
  handle(frame: ReceivedFrame, place: number): void {
    if (frame.command === Command.CLIENT_CLOSED) {
      this.inheritClosed([formatClientId(frame.localIp, frame.localPort, frame.connectionId)]);
      return;
    }
    if (frame.command === Command.GATEWAY_GONE) {
      this.#link.take(place);
      this.#forget({ ip: frame.localIp, port: frame.localPort });
      return;
    }
    let client = this.#clients.get(frame);
    if (client === undefined) {
      client = new Client(this.#gateway, frame, this.#dialectOf(frame));
      this.#clients.set(frame, client);
      client.events.closed = this.#closedUnseen.take(client);
      if (this.#unreleased.size > 0 && this.#unreleased.has(client.id)) client.events.busy = true;
      else if (frame.command !== Command.ON_CONNECT && !client.events.closed) this.#catchUp(client);
    }
    if (!client.events.wants(frame.command)) {
      this.#link.take(place);
      return;
    }
    if (client.events.busy) {
      this.#wait(client, frame, place);
      return;
    }
    this.#link.take(place);
    this.#start(client, frame);
  }

  /** Moves waiting events out of the event ring, the oldest first, while they hold too much of it. */
  makeRoom(): void {
    for (const oldest of this.#inRing) {
      if (this.#link.held <= HELD_SHARE) break;
      this.#inRing.delete(oldest);
      oldest.place = this.#link.park(oldest.place, oldest.frame);
    }
  }

  /** Sends what the current handler has changed in its client's session so far. */
  flushSession(): void {
    const client = this.#context.getStore();
    if (client !== undefined) this.#storeSession(client);
  }

  /** A thread before this one is still busy with these clients: their events wait until each is released. */
  awaitRelease(clientIds: readonly string[]): void {
    this.#unreleased = new Set(clientIds);
  }

  /** The thread before this one is done with the client. */
  release(clientId: string): void {
    if (!this.#unreleased.delete(clientId)) return;
    const client = this.find(clientId);
    if (client !== undefined) this.#catchUp(client);
    this.#checkIdle();
  }

  /**
   * Another thread takes over: what waits here is left to it, and only the handlers that are pending go on.
   *
   * @param onReleased called for each of their clients when it is done
   */
  retire(onReleased: (clientId: string) => void): void {
    this.#onReleased = onReleased;
    for (const { events } of this.#clients.values()) events.waiting = undefined;
    this.#inRing.clear();
    this.#unreleased.clear();
  }

  /** The clients whose handlers are pending. */
  get handling(): string[] {
    return Array.from(this.#handling, ({ id }) => id);
  }

  /** Reports handlers that are pending for too long, and goes on with the next events of their clients. */
  giveUpOnLate(now: number): void {
    if (this.#processTimeout === 0) return;
    for (const client of this.#handling) {
      const { events } = client;
      const seconds = (now - events.handlingSince) / 1000;
      if (seconds * 1000 < this.#processTimeout) return;
      this.#log.warn(
        `${eventName(events.command)} is late`,
        { client: client.id, event: eventName(events.command), seconds: Math.round(seconds) },
        `${eventName(events.command)} has been pending for ${seconds.toFixed(1)} s, longer than processTimeout; the client's next event goes on without it`,
      );
      events.turn++;
      this.#handled(client, events.command);
      this.#next(client);
    }
  }

  /** Resolves when no handler is pending, and no client waits for a thread before this one. */
  async idle(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#onIdle = resolve;
      this.#checkIdle();
    });
  }

  /** Says how much was left out of the log. */
  close(): void {
    this.#log.close();
  }

  #checkIdle(): void {
    if (this.#pending === 0 && this.#unreleased.size === 0) this.#onIdle?.();
  }

  /**
   * The client was another thread's before: what that thread changed may be newer than what the event says, so the
   * gateway is asked first, which has applied everything that thread sent.
   */
  #catchUp(client: Client): void {
    client.events.busy = true;
    this.#pending++;
    void this.#gateway
      .clientState(client.id)
      .then(
        (state) => {
          if (state !== null) client.view.receive(state.length === 0 ? NO_STATE : decodeClientState(state));
        },
        (error: unknown) =>
          this.#log.error(
            'state unknown',
            { client: client.id, err: error },
            'the state of a client is not known',
          ),
      )
      .then(() => {
        this.#pending--;
        this.#next(client);
        this.#checkIdle();
      });
  }

  #start(client: Client, frame: ReceivedFrame): void {
    const { command } = frame;
    if (command === Command.CLIENT_ENDED) {
      // everything before it is handled: what the handlers sent is on its way, and this comes after it
      this.#tell(command, client.events, '', 0, 0);
      return;
    }
    client.events.command = command;
    if (command === Command.ON_CLOSE && client.events.closed) this.#tellEnded(client.events);
    this.#gauge.begin(frame);
    try {
      client.view.receiveWith(frame);
      const result = this.#context.run(client, this.#call, this, client, frame);
      if (isPromise(result)) {
        this.#await(client, command, frame, result);
        return;
      }
    } catch (error) {
      this.#failed(client, command, error);
    }
    this.#finish(client, command);
    if (this.#link.isSettled) this.#gauge.end();
    else this.#settleLater(this.#gauge.suspend(frame));
  }

  /** A handler has ended: it is done when what it sent cannot be lost any more, should this thread die. */
  #settleLater(place: number): void {
    this.#unsettled.push(place);
    if (this.#unsettled.length > 1) return;
    void this.#link.settled().then(() => {
      for (const done of this.#unsettled.splice(0)) this.#gauge.settle(done);
    });
  }

  /** The handler is pending: the client's next event waits for it. */
  #await(client: Client, command: number, frame: ReceivedFrame, result: PromiseLike<unknown>): void {
    const { events } = client;
    const place = this.#gauge.suspend(frame);
    const turn = ++events.turn;
    events.busy = true;
    events.handling = true;
    events.handlingSince = performance.now();
    this.#handling.add(client);
    this.#pending++;
    const settled = (): void => {
      const inTime = events.turn === turn;
      if (inTime) this.#handled(client, command);
      if (this.#link.isSettled) this.#gauge.settle(place);
      else this.#settleLater(place);
      this.#pending--;
      if (inTime) this.#next(client);
      this.#checkIdle();
    };
    result.then(settled, (error: unknown) => {
      this.#failed(client, command, error);
      settled();
    });
  }

  /** Calls the handler for an event. A function of its own so that no closure is made per event. */
  #call(this: void, worker: BusinessWorker, client: Client, frame: ReceivedFrame): unknown {
    const events = worker.#events;
    switch (frame.command) {
      case Command.ON_MESSAGE:
        return events.onMessage(
          client,
          client.dialect.isText(frame) ? frame.bodyText() : Buffer.from(frame.body),
        );
      case Command.ON_CONNECT:
        return events.onConnect?.(client);
      case Command.ON_WEBSOCKET_CONNECT:
        return events.onWebSocketConnect?.(client, decodeHandshake(frame.body, client.remoteAddress));
      case Command.ON_CLOSE:
        return events.onClose?.(client);
      default:
        throw new RangeError(`no event: ${commandName(frame.command)}`);
    }
  }

  /** The pending handler counts as done: what it changed is stored. */
  #handled(client: Client, command: number): void {
    client.events.handling = false;
    this.#handling.delete(client);
    this.#finish(client, command);
    this.#onReleased?.(client.id);
  }

  #finish(client: Client, command: number): void {
    if (command === Command.ON_CLOSE) {
      this.#clients.delete(client.events);
      return;
    }
    this.#storeSession(client);
  }

  /** Nothing of the client is pending any more: its next events may start. */
  #next(client: Client): void {
    const { events } = client;
    events.busy = false;
    for (let next = events.next(); next !== undefined; next = events.next()) {
      if (next === GATEWAY_GONE) {
        this.#beginAnew(client);
        break;
      }
      this.#inRing.delete(next);
      if (this.#link.take(next.place)) this.#start(client, decodeFrame(next.frame, this.#waitingFrame));
      else this.#startLater(client, next.frame);
      if (events.busy) break;
    }
    this.#readOn(events);
  }

  /** The gateway reads the client again, if it was asked not to and little waits now. */
  #readOn(events: ClientEvents): void {
    if (events.paused && events.waitingBytes < WAITING_BYTES_PER_CLIENT / 2) this.#pause(events, false);
  }

  /** The client is closed: what waits of it is dropped, but for its end. */
  #silence(events: ClientEvents): void {
    if (events.closed) return;
    events.closed = true;
    for (let left = events.waiting?.length ?? 0; left > 0; left--) {
      const event = events.next() as WaitingEvent;
      if (event === GATEWAY_GONE || event.command === Command.ON_CLOSE) {
        events.wait(event);
      } else {
        this.#inRing.delete(event);
        this.#link.take(event.place);
      }
    }
    this.#readOn(events);
  }

  /**
   * The link to a gateway broke: its clients are other workers' from now on, or gone, unless they come back. What this
   * worker has of their events it still handles, and before anything that comes later.
   */
  #forget(gateway: GatewayAddress): void {
    for (const client of this.#closedUnseen.forget(gateway)) this.#tellEnded(client);
    for (const { events } of this.#clients.of(gateway)) {
      events.paused = false;
      // should it come back, it may have been closed or not
      if (events.closed) this.#tellEnded(events);
      events.closed = false;
      if (events.busy) events.wait(GATEWAY_GONE);
      else this.#clients.delete(events);
    }
  }

  /** Everything before the break is done. What this worker had changed since may be lost, or changed again by another. */
  #beginAnew(client: Client): void {
    if (client.events.waiting === undefined || client.events.waiting.length === 0) {
      this.#clients.delete(client.events);
      return;
    }
    client.forgetView();
    this.#catchUp(client);
  }

  /** Nobody but this thread knows yet that the event is being started: if it died now, the next one would start it again. */
  #startLater(client: Client, frame: Buffer): void {
    client.events.busy = true;
    this.#pending++;
    void this.#link.settled().then(() => {
      client.events.busy = false;
      this.#pending--;
      const event = decodeFrame(frame, this.#waitingFrame);
      if (client.events.wants(event.command)) this.#start(client, event);
      if (!client.events.busy) this.#next(client);
      this.#checkIdle();
    });
  }

  #wait(client: Client, frame: ReceivedFrame, place: number): void {
    const { events } = client;
    const event = { place, command: frame.command, frame: frame.copy() };
    events.wait(event);
    this.#inRing.add(event);
    if (!events.paused && events.waitingBytes > WAITING_BYTES_PER_CLIENT) this.#pause(events, true);
  }

  /** The slot may forget that a thread of its has closed this client. */
  #tellEnded(client: ClientAddress): void {
    if (this.#link.state === 'open') this.#tell(Command.CLIENT_FORGOTTEN, client, '', 0, 0);
  }

  #pause(events: ClientEvents, paused: boolean): void {
    events.paused = paused;
    this.#tell(paused ? Command.PAUSE_CLIENT : Command.RESUME_CLIENT, events, '', 0, 0);
  }

  /** Sends what the handler has changed. A value that cannot be stored is a failure of its event, and costs no other key. */
  #storeSession(client: Client): void {
    // a handler that settles after its thread's end has nowhere to store anything
    if (this.#link.state !== 'open') return;
    const { view, events } = client;
    let change: SessionChange | undefined;
    // until nothing is refused: each refusal has set one key back
    for (let refusals = 1; ; refusals++) {
      try {
        change = view.takeChange();
        break;
      } catch (error) {
        this.#failed(client, events.command, error);
        if (refusals === MOST_REFUSALS) view.dropChanges();
      }
    }
    if (change !== undefined) this.#tell(change.command, events, change.ext, change.epoch, change.flags);
  }

  /** Sends what the framework itself has to say; it is never refused for a full buffer. */
  #tell(
    command: number,
    client: Readonly<ClientAddress>,
    ext: string | Uint8Array,
    clientIp: number,
    flags: number,
  ): void {
    const frame = this.#outgoing;
    frame.command = command;
    frame.localIp = client.localIp;
    frame.localPort = client.localPort;
    frame.connectionId = client.connectionId;
    frame.ext = ext;
    frame.clientIp = clientIp;
    frame.flags = flags;
    this.#link.send(frame);
  }

  #failed(client: Client, command: number, error: unknown): void {
    this.#gauge.fail();
    const message = `${eventName(command)} failed: ${messageOf(error)}`;
    this.#log.error(
      message.slice(0, KIND_LENGTH),
      { client: client.id, event: eventName(command), err: error },
      message,
    );
  }
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' && value !== null && typeof (value as PromiseLike<unknown>).then === 'function'
  );
}
