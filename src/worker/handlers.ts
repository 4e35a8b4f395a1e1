import { AsyncLocalStorage } from 'node:async_hooks';
import type { CurrentClient } from '../api/transport.js';
import { Command } from '../wire/command.js';
import type { ReceivedFrame } from '../wire/frame.js';
import { callHandler } from './call-handler.js';
import type { ClientReports } from './client-reports.js';
import type { Client } from './client.js';
import type { Clients } from './clients.js';
import type { Events } from './events.js';
import type { HandlerLog } from './handler-log.js';
import type { HandlerProgress } from './handler-progress.js';
import type { NamedMessages } from './named-messages.js';
import type { SessionWriter } from './session-writer.js';
import type { Unfinished } from './unfinished.js';

export interface HandlersOptions {
  readonly events: Events;
  /** Undefined where the code has no messages with names. */
  readonly named: NamedMessages | undefined;
  readonly clients: Clients;
  readonly reports: ClientReports;
  readonly sessions: SessionWriter;
  readonly progress: HandlerProgress;
  readonly log: HandlerLog;
  readonly unfinished: Unfinished;
  /** Milliseconds after which a client's next event waits for a pending handler no longer; 0: never. */
  readonly processTimeout: number;
  /** A handler that was pending counts as done: the client's next event may start. */
  readonly onDone: (client: Client) => void;
}

/**
 * The developer's handlers at work. One that returns a promise is pending, and its client busy, until that settles or is
 * late. What a handler has changed in the session is stored when it is done.
 */
export class Handlers implements CurrentClient {
  readonly #events: Events;
  readonly #named: NamedMessages | undefined;
  readonly #clients: Clients;
  readonly #reports: ClientReports;
  readonly #sessions: SessionWriter;
  readonly #progress: HandlerProgress;
  readonly #log: HandlerLog;
  readonly #unfinished: Unfinished;
  readonly #processTimeout: number;
  readonly #onDone: (client: Client) => void;
  readonly #context = new AsyncLocalStorage<Client>();
  /** Clients whose handlers are pending, the longest first. */
  readonly #pending = new Set<Client>();

  constructor(options: HandlersOptions) {
    this.#events = options.events;
    this.#named = options.named;
    this.#clients = options.clients;
    this.#reports = options.reports;
    this.#sessions = options.sessions;
    this.#progress = options.progress;
    this.#log = options.log;
    this.#unfinished = options.unfinished;
    this.#processTimeout = options.processTimeout;
    this.#onDone = options.onDone;
  }

  currentClientId(): string | undefined {
    return this.#context.getStore()?.id;
  }

  /** The ids of clients whose handlers are pending. */
  get pending(): string[] {
    return Array.from(this.#pending, ({ id }) => id);
  }

  /** Whether a handler of this client is pending. */
  isPending(client: Client): boolean {
    return this.#pending.has(client);
  }

  /** Sends what the current handler has changed in its client's session so far. */
  flushSession(): void {
    const client = this.#context.getStore();
    if (client !== undefined) this.#sessions.write(client);
  }

  /** Handles an event of a client that is not busy; it is afterwards when the handler is pending. */
  start(client: Client, frame: ReceivedFrame): void {
    const { command } = frame;
    if (command === Command.CLIENT_ENDED) {
      // everything before it is handled: what the handlers sent is on its way, and this comes after it
      this.#reports.ended(client.events);
      return;
    }
    client.events.command = command;
    if (command === Command.ON_CLOSE && client.events.closed) this.#reports.forgotten(client.events);
    this.#progress.begin(frame);
    try {
      client.view.receiveWith(frame);
      const result = this.#context.run(client, callHandler, this.#events, client, frame, this.#named);
      if (isPromise(result)) {
        this.#await(client, command, frame, result);
        return;
      }
    } catch (error) {
      this.#log.failed(client, command, error);
    }
    this.#finish(client, command);
    this.#progress.end(frame);
  }

  /** Reports handlers that are pending for too long, and goes on with the next events of their clients. */
  giveUpOnLate(now: number): void {
    if (this.#processTimeout === 0) return;
    for (const client of this.#pending) {
      const { events } = client;
      const pendingFor = now - events.pendingSince;
      if (pendingFor < this.#processTimeout) return;
      this.#log.late(client, events.command, pendingFor / 1000);
      events.turn++;
      this.#pending.delete(client);
      this.#finish(client, events.command);
      this.#onDone(client);
    }
  }

  #await(client: Client, command: number, frame: ReceivedFrame, result: PromiseLike<unknown>): void {
    const { events } = client;
    const place = this.#progress.suspend(frame);
    const turn = ++events.turn;
    events.busy = true;
    events.pendingSince = performance.now();
    this.#pending.add(client);
    this.#unfinished.begin();
    const settled = (): void => {
      const inTime = events.turn === turn;
      if (inTime) {
        this.#pending.delete(client);
        this.#finish(client, command);
      }
      this.#progress.settle(place);
      if (inTime) this.#onDone(client);
      this.#unfinished.end();
    };
    result.then(settled, (error: unknown) => {
      this.#log.failed(client, command, error);
      settled();
    });
  }

  #finish(client: Client, command: number): void {
    if (command === Command.ON_CLOSE) this.#clients.delete(client.events);
    else this.#sessions.write(client);
  }
}

/** Whether a handler is pending. */
export function isPromise(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' && value !== null && typeof (value as PromiseLike<unknown>).then === 'function'
  );
}
