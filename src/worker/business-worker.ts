import { AsyncLocalStorage } from 'node:async_hooks';
import type { GatewayCalls } from '../api/gateway-calls.js';
import type { CurrentClient } from '../api/transport.js';
import type { ThreadLink } from '../link/thread-link.js';
import type { Logger } from '../log.js';
import { parseClientId } from '../wire/client-id.js';
import { decodeClientState } from '../wire/client-state.js';
import { Command, Flag, commandName } from '../wire/command.js';
import { ReceivedFrame, decodeFrame, emptyFrame } from '../wire/frame.js';
import { decodeHandshake } from '../wire/handshake.js';
import { ClientEvents, type ParkedEvent } from './client-events.js';
import { Client } from './client.js';
import type { Events } from './events.js';

const NO_STATE = { epoch: 0, applied: 0, address: '', uid: '', session: Buffer.alloc(0) };
/** Bytes of one client's events that may wait in this thread before the gateway is asked to hold back the rest. */
const PARKED_BYTES_PER_CLIENT = 256 * 1024;
/** The share of the event ring that waiting events may hold before the oldest of them move out. */
const HELD_SHARE = 0.25;

export interface BusinessWorkerOptions {
  readonly link: ThreadLink;
  readonly events: Events;
  readonly gateway: GatewayCalls;
  readonly log: Logger;
}

/**
 * Runs the developer's handlers: the events of one client in order, each after the one before is done, also when that
 * takes a promise; other clients' events meanwhile.
 */
export class BusinessWorker implements CurrentClient {
  readonly #link: ThreadLink;
  readonly #events: Events;
  readonly #gateway: GatewayCalls;
  readonly #log: Logger;
  readonly #context = new AsyncLocalStorage<Client>();
  readonly #clients = new Map<number, Client>();
  /** Parked events whose frames are still in the ring, oldest first. */
  readonly #inRing = new Set<ParkedEvent>();
  readonly #parkedFrame = new ReceivedFrame();
  readonly #outgoing = emptyFrame();
  #pending = 0;
  #onIdle: (() => void) | undefined;

  constructor({ link, events, gateway, log }: BusinessWorkerOptions) {
    this.#link = link;
    this.#events = events;
    this.#gateway = gateway;
    this.#log = log;
  }

  currentClientId(): string | undefined {
    return this.#context.getStore()?.id;
  }

  /** The client with this id, if this worker has seen an event of it and not yet its end. @throws GW_CLIENT_ID */
  find(clientId: string): Client | undefined {
    const client = this.#clients.get(parseClientId(clientId).connectionId);
    return client?.id === clientId.toLowerCase() ? client : undefined;
  }

  /** An event arrived. */
  handle(frame: ReceivedFrame, place: number): void {
    let client = this.#clients.get(frame.connectionId);
    if (client === undefined) {
      client = new Client(this.#gateway, frame, new ClientEvents(frame.connectionId));
      this.#clients.set(frame.connectionId, client);
      if (frame.command !== Command.ON_CONNECT) this.#catchUp(client);
    }
    if (client.events.busy) {
      this.#park(client, frame, place);
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

  /** Resolves when no handler is pending. */
  async idle(): Promise<void> {
    if (this.#pending > 0) await new Promise<void>((resolve) => (this.#onIdle = resolve));
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
          this.#log.error({ client: client.id, err: error }, 'the state of a client is not known'),
      )
      .then(() => this.#done(client));
  }

  #start(client: Client, frame: ReceivedFrame): void {
    const { command, flags } = frame;
    try {
      client.view.receive((flags & Flag.STATE) === 0 ? NO_STATE : decodeClientState(frame.ext));
      const result = this.#context.run(client, this.#call, this, client, frame);
      if (isPromise(result)) {
        client.events.busy = true;
        this.#pending++;
        result.then(
          () => this.#settled(client, command),
          (error: unknown) => {
            this.#failed(client, command, error);
            this.#settled(client, command);
          },
        );
        return;
      }
    } catch (error) {
      this.#failed(client, command, error);
    }
    this.#finish(client, command);
  }

  /** Calls the handler for an event. A function of its own so that no closure is made per event. */
  #call(this: void, worker: BusinessWorker, client: Client, frame: ReceivedFrame): unknown {
    const events = worker.#events;
    switch (frame.command) {
      case Command.ON_MESSAGE:
        return events.onMessage(
          client,
          (frame.flags & Flag.BINARY) === 0 ? frame.bodyText() : Buffer.from(frame.body),
        );
      case Command.ON_CONNECT:
        return events.onConnect?.(client);
      case Command.ON_WEBSOCKET_CONNECT:
        return events.onWebSocketConnect?.(client, decodeHandshake(frame.body));
      case Command.ON_CLOSE:
        return events.onClose?.(client);
      default:
        throw new RangeError(`no event: ${commandName(frame.command)}`);
    }
  }

  #settled(client: Client, command: number): void {
    this.#finish(client, command);
    this.#done(client);
  }

  #finish(client: Client, command: number): void {
    if (command === Command.ON_CLOSE) {
      this.#clients.delete(client.events.connectionId);
      return;
    }
    try {
      this.#storeSession(client);
    } catch (error) {
      this.#failed(client, command, error);
    }
  }

  /** The client's pending work is done: its next event may start. */
  #done(client: Client): void {
    const { events } = client;
    events.busy = false;
    this.#pending--;
    for (let next = events.parked.shift(); next !== undefined; next = events.parked.shift()) {
      this.#inRing.delete(next);
      events.parkedBytes -= next.frame.length;
      this.#link.take(next.place);
      this.#start(client, decodeFrame(next.frame, this.#parkedFrame));
      if (events.busy) break;
    }
    if (events.paused && events.parkedBytes < PARKED_BYTES_PER_CLIENT / 2) this.#pause(events, false);
    if (this.#pending === 0) this.#onIdle?.();
  }

  #park(client: Client, frame: ReceivedFrame, place: number): void {
    const { events } = client;
    const event = { place, frame: frame.copy() };
    events.parked.push(event);
    events.parkedBytes += event.frame.length;
    this.#inRing.add(event);
    if (!events.paused && events.parkedBytes > PARKED_BYTES_PER_CLIENT) this.#pause(events, true);
  }

  #pause(events: ClientEvents, paused: boolean): void {
    events.paused = paused;
    this.#tell(paused ? Command.PAUSE_CLIENT : Command.RESUME_CLIENT, events.connectionId, '', 0, 0);
  }

  #storeSession(client: Client): void {
    const change = client.view.takePatch();
    if (change === undefined) return;
    const { patch, epoch } = change;
    const { connectionId } = client.events;
    this.#tell(Command.PATCH_SESSION, connectionId, JSON.stringify(patch), epoch, Flag.COUNTED);
  }

  /** Sends what the framework itself has to say; it is never refused for a full buffer. */
  #tell(command: number, connectionId: number, ext: string, clientIp: number, flags: number): void {
    const frame = this.#outgoing;
    frame.command = command;
    frame.connectionId = connectionId;
    frame.ext = ext;
    frame.clientIp = clientIp;
    frame.flags = flags;
    this.#link.send(frame);
  }

  #failed(client: Client, command: number, error: unknown): void {
    this.#log.error(
      { client: client.id, event: EVENT_NAMES[command], err: error },
      `${EVENT_NAMES[command]} failed: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

const EVENT_NAMES: Readonly<Record<number, string>> = {
  [Command.ON_CONNECT]: 'onConnect',
  [Command.ON_WEBSOCKET_CONNECT]: 'onWebSocketConnect',
  [Command.ON_MESSAGE]: 'onMessage',
  [Command.ON_CLOSE]: 'onClose',
};

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' && value !== null && typeof (value as PromiseLike<unknown>).then === 'function'
  );
}
