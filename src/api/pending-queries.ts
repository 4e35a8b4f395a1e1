import type { Clock, Timer } from '../base/clock.js';
import { GatewayError } from '../base/errors.js';
import type { PhpDecoded } from '../wire/php-serialize.js';
import { type GatewayAddress, formatAddress, nameWithCell } from '../wire/client-id.js';

/** How long a gateway has to answer a query. */
export const QUERY_DEADLINE_MILLISECONDS = 5000;

/** One gateway's answer. */
export interface Answer {
  readonly gateway: GatewayAddress;
  readonly value: PhpDecoded;
}

/** One query to one or more gateways. */
interface Request {
  readonly answers: Answer[];
  readonly missing: Map<number, GatewayAddress>;
  /** Gateways that cannot answer any more. */
  readonly lost: GatewayAddress[];
  readonly deadline: number;
  readonly settle: (missing: readonly GatewayAddress[]) => void;
}

/** Matches replies with the queries that wait for them, and gives up on those that are late. */
export class PendingQueries {
  readonly #clock: Clock;
  /** By request id. All deadlines are equally far, so the oldest is the first to expire. */
  readonly #pending = new Map<number, Request>();
  #timer: Timer | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#pending.size;
  }

  /**
   * Waits for one answer from each gateway. `missing` in the result are those that did not answer in time, or cannot.
   *
   * @param ids the request id sent to each gateway
   * @param down gateways that cannot be asked
   */
  expect(
    ids: ReadonlyMap<number, GatewayAddress>,
    down: readonly GatewayAddress[] = [],
  ): Promise<{ answers: Answer[]; missing: readonly GatewayAddress[] }> {
    return new Promise((resolve) => {
      const answers: Answer[] = [];
      const request: Request = {
        answers,
        missing: new Map(ids),
        lost: [...down],
        deadline: this.#clock.now() + QUERY_DEADLINE_MILLISECONDS,
        settle: (missing) => resolve({ answers, missing }),
      };
      if (ids.size === 0) {
        request.settle(request.lost);
        return;
      }
      for (const id of ids.keys()) this.#pending.set(id, request);
      this.#timer ??= this.#clock.setTimeout(() => this.#expire(), QUERY_DEADLINE_MILLISECONDS);
    });
  }

  /** A reply came. One that nobody waits for any more is ignored. */
  answer(id: number, value: PhpDecoded): void {
    const request = this.#pending.get(id);
    if (request === undefined) return;
    this.#pending.delete(id);
    const gateway = request.missing.get(id) as GatewayAddress;
    request.missing.delete(id);
    request.answers.push({ gateway, value });
    if (request.missing.size === 0) request.settle(request.lost);
  }

  /** A reply came that cannot be read: nothing else will come. */
  fail(id: number): void {
    const request = this.#pending.get(id);
    if (request !== undefined) this.#lose(id, request);
  }

  /** The link to a gateway is gone: it answers nothing of what it was asked so far. */
  lost(gateway: GatewayAddress): void {
    for (const [id, request] of this.#pending) {
      const asked = request.missing.get(id);
      if (asked?.ip === gateway.ip && asked.port === gateway.port) this.#lose(id, request);
    }
  }

  /** Settles everything that waits, as if its deadline had come. */
  close(): void {
    this.#timer?.cancel();
    for (const request of new Set(this.#pending.values())) this.#settle(request);
  }

  #lose(id: number, request: Request): void {
    this.#pending.delete(id);
    request.lost.push(request.missing.get(id) as GatewayAddress);
    request.missing.delete(id);
    if (request.missing.size === 0) request.settle(request.lost);
  }

  #expire(): void {
    this.#timer = undefined;
    const now = this.#clock.now();
    for (const request of this.#pending.values()) {
      if (request.deadline > now) {
        this.#timer = this.#clock.setTimeout(() => this.#expire(), request.deadline - now);
        return;
      }
      this.#settle(request);
    }
  }

  #settle(request: Request): void {
    for (const id of request.missing.keys()) this.#pending.delete(id);
    request.settle([...request.lost, ...request.missing.values()]);
  }
}

/** A cluster-wide query that some gateways did not answer in time. */
export class PartialResultError<T> extends GatewayError {
  /** What the others said. */
  readonly partial: T;
  /** The inner addresses of the gateways that said nothing. */
  readonly missing: readonly string[];

  constructor(call: string, partial: T, missing: readonly GatewayAddress[]) {
    const names = missing.map((gateway) => formatAddress(gateway));
    const gateways = missing.map(nameWithCell).join(', ');
    super(
      'GW_TIMEOUT',
      `${call} was not answered by ${gateways} within ${QUERY_DEADLINE_MILLISECONDS / 1000} s, or the link is down; error.partial holds what the others said.`,
    );
    this.partial = partial;
    this.missing = names;
  }
}
