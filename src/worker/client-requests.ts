import { checkNamed } from '../api/emit-calls.js';
import type { GatewayCalls } from '../api/gateway-calls.js';
import type { Clock, Timer } from '../base/clock.js';
import { GatewayError } from '../base/errors.js';
import type { ThreadLink } from '../link/thread-link.js';
import { Command } from '../wire/command.js';
import type { ReceivedFrame } from '../wire/frame.js';
import { packNamed } from '../wire/named-bytes.js';
import { requestText } from '../wire/named-message.js';
import { ClientRefusal } from './client-refusal.js';
import type { ClientReports } from './client-reports.js';
import type { Client } from './client.js';
import { type ReceivedMessage, readAnswer } from './received-message.js';

/** Milliseconds that a client has to answer, where the call does not say. */
const TIMEOUT = 10_000;
/** The longest that a timer takes. */
const LONGEST_TIMEOUT = 2 ** 31 - 1;
/**
 * The id of a request is the number of the thread that asks, and a count behind that: there are clients that have 31 bits for
 * both.
 */
const COUNTS = 2 ** 23;
/** Threads have numbers from 1 on. */
const THREADS = 255;
/** To every thread before this one. */
const ALL = 0;

export interface RequestOptions {
  /** Milliseconds that the client has to answer. Default: 10,000. */
  readonly timeout?: number;
}

/** A client is to answer. */
export interface ClientRequest {
  readonly event: string;
  readonly resolve: (data: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly timer: Timer;
}

export interface ClientRequestsOptions {
  readonly link: ThreadLink;
  readonly gateway: GatewayCalls;
  readonly reports: ClientReports;
  readonly clock: Clock;
  /** A client is asked: it is read from now on, however much of it waits, since its answer comes behind that. */
  readonly onAsked: (client: Client) => void;
  /** No answer is awaited any more. */
  readonly onSettled: () => void;
}

/**
 * What clients are asked. An answer comes as an event, but does not wait for the handler of its client, since it is that which
 * most often has asked. A thread that has taken over sends those on that are for one before it.
 */
export class ClientRequests {
  readonly #options: ClientRequestsOptions;
  #waiting = 0;
  // an answer to a worker that had the client before is not to be taken for one to this
  #count = Math.floor(Math.random() * COUNTS);

  constructor(options: ClientRequestsOptions) {
    this.#options = options;
  }

  /** As {@link Client.request}. */
  async ask(
    client: Client,
    event: string,
    data: unknown,
    { timeout = TIMEOUT }: RequestOptions = {},
  ): Promise<unknown> {
    const { gateway, link, clock, onAsked } = this.#options;
    const { json, attachments } = checkNamed('request', event, data);
    const { events } = client;
    check(client, event, timeout);
    this.#count = (this.#count + 1) % COUNTS;
    const id = link.number * COUNTS + this.#count;
    const text = requestText(id, event, json);
    gateway.sendNamed(client.id, attachments.length === 0 ? text : packNamed(text, attachments));
    return await new Promise((resolve, reject) => {
      const timer = clock.setTimeout(() => {
        this.#take(client, id)?.reject(late(client, event, timeout));
      }, timeout);
      events.requests ??= new Map();
      events.requests.set(id, { event, resolve, reject, timer });
      events.asked++;
      this.#waiting++;
      onAsked(client);
    });
  }

  /**
   * A message of a client that was asked something, or may have been by a thread before this one.
   *
   * @returns whether it is an answer, and is taken from the link
   */
  takes(client: Client, frame: ReceivedFrame, place: number): boolean {
    if (frame.command !== Command.ON_MESSAGE) return false;
    const answer = readAnswer(frame);
    if (answer === undefined) return false;
    const { link, reports } = this.#options;
    const asker = Math.floor((answer.id as number) / COUNTS);
    if (asker === link.number) {
      if (!this.settle(client, answer)) return false;
      link.take(place);
      return true;
    }
    if (!client.events.inherited || asker < 1 || asker > THREADS) return false;
    reports.sendOn(frame, asker, frame.body);
    // should this thread die before that has left it, the one after it finds the answer
    if (link.isSettled) link.take(place);
    else void link.settled().then(() => link.take(place));
    return true;
  }

  /** Whether any answer is awaited. */
  get waiting(): boolean {
    return this.#waiting > 0;
  }

  /** The thread that has taken over sends something on: an answer, or that the client is gone. */
  receive(client: Client | undefined, frame: ReceivedFrame): void {
    if (client === undefined) return;
    const answer = frame.bodyStart === frame.bodyEnd ? undefined : readAnswer(frame);
    if (answer === undefined) this.gone(client);
    else this.settle(client, answer);
  }

  /** A client has answered. @returns whether anybody has waited for that */
  settle(client: Client, { id, data, error }: ReceivedMessage): boolean {
    const request = this.#take(client, id as number);
    if (error === undefined) request?.resolve(data);
    else request?.reject(new ClientRefusal(client.id, request.event, error));
    return request !== undefined;
  }

  /** The end of a client has come, behind whatever waits of it: it answers nothing any more. */
  ended(client: Client, frame: ReceivedFrame): void {
    client.events.gone = true;
    this.gone(client);
    if (client.events.inherited) this.#options.reports.sendOn(frame, ALL, '');
  }

  /** It answers nothing any more, or another worker. */
  gone(client: Client): void {
    for (const [id, { event }] of client.events.requests ?? []) {
      this.#take(client, id)?.reject(clientGone(client, event));
    }
  }

  #take({ events }: Client, id: number): ClientRequest | undefined {
    const request = events.requests?.get(id);
    if (request === undefined) return undefined;
    events.requests?.delete(id);
    events.asked--;
    request.timer.cancel();
    if (--this.#waiting === 0) this.#options.onSettled();
    return request;
  }
}

/** @throws GW_ARGUMENT, GW_CLIENT_GONE */
function check(client: Client, event: string, timeout: number): void {
  const { events } = client;
  if (!(timeout >= 1 && timeout <= LONGEST_TIMEOUT)) {
    throw new GatewayError(
      'GW_ARGUMENT',
      `request('${event}') was given ${String(timeout)} as its timeout; expected milliseconds from 1 to ${LONGEST_TIMEOUT}.`,
    );
  }
  if (events.gone || events.closed || events.command === Command.ON_CLOSE) throw clientGone(client, event);
  if (events.routes > 0 || events.moving) {
    throw new GatewayError(
      'GW_ARGUMENT',
      `request('${event}') was called behind route(), and the client is not read before this handler is done. Ask it first, or in its next worker.`,
    );
  }
}

function clientGone({ id }: Client, event: string): GatewayError {
  return new GatewayError(
    'GW_CLIENT_GONE',
    `The client ${id} is gone, and does not answer the request '${event}'.`,
  );
}

function late({ id }: Client, event: string, timeout: number): GatewayError {
  return new GatewayError(
    'GW_TIMEOUT',
    `The client ${id} has not answered the request '${event}' within ${timeout} ms.`,
  );
}
