import { type Clock, type Timer, elapse, withinTime } from '../base/clock.js';
import type { Logger } from '../base/log.js';
import type { GatewayAddress } from '../wire/client-id.js';
import type { Cells } from './cells.js';
import type { FarNode } from './far-node.js';
import { encodeHello, parseHello } from './hello.js';
import { Kind, StreamId } from './message-header.js';
import type { Outgoing } from './outgoing.js';
import { Stream } from './stream.js';

/** Milliseconds between two sweeps, and how many of them lie between two hellos. */
export const SWEEP = 1000;
const HELLO_SWEEPS = 5;
/** Milliseconds that a starting node waits for a server, and then for the others' answers: so long after the last one. */
const JOIN_TIMEOUT = 2000;
const ANSWER_TIME = 500;
/** Milliseconds without a server after which this cell is on its own: what waits for the others is given up. */
const PATIENCE = 15_000;
/** Milliseconds after which what waited for a connection goes out in any case, also to those that are not back yet. */
const REGROUP = 3000;
/** Milliseconds before an outage in which something may have been lost as well. */
const BEFORE = 2000;

export interface PresenceOptions {
  /** The names of the cell and the node. */
  readonly cell: string;
  readonly node: string;
  readonly gateway: GatewayAddress | undefined;
  /** Where hellos are published. */
  readonly subject: string;
  readonly everyNode: Stream;
  readonly cells: Cells;
  readonly outgoing: Outgoing;
  /** Resolves when the server has what was subscribed to; to false when the connection broke before. */
  readonly confirmed: () => Promise<boolean>;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * That this node is there: it says so to the others, every few seconds and when it is asked, and hears it of them. And what
 * becomes of that, and of what is sent, when the connection breaks:
 *
 *                   broke                      PATIENCE is over
 *    there ─────────────────────────► away ────────────────────────► apart     the others are down; nothing is kept
 *      ▲                               │ connected                     │
 *      │                               ▼                               │ connected
 *      └──────────────────────────  regrouping  ◄──────────────────────┘
 *         all are heard again, or REGROUP is over: what waits goes out
 */
export class Presence {
  readonly #options: PresenceOptions;
  readonly #hello: Stream;
  /** Whether the server has all that this node subscribes to. */
  #there = false;
  /** Whether it was ever there. */
  #joined = false;
  /** The first attempt to connect has ended. */
  #onTried: () => void = () => {};
  /** Milliseconds on the clock; undefined while there is a connection. */
  #downSince: number | undefined;
  #apart = false;
  #lastHello = 0;
  #sweeps = 0;
  #sweptAt: number;
  /** Nodes that were there before the connection broke, and have not been heard of since. */
  #awaited = new Set<FarNode>();
  #regroup: Timer | undefined;

  constructor(options: PresenceOptions) {
    this.#options = options;
    this.#hello = new Stream(options.subject, StreamId.HELLO);
    this.#downSince = options.clock.now();
    this.#sweptAt = this.#downSince;
  }

  get there(): boolean {
    return this.#there;
  }

  /**
   * Resolves when the other cells are known, or soon.
   *
   * @param open begins to connect
   * @throws GW_CLUSTER when another gateway has the address of this node's
   */
  async join(open: () => void): Promise<void> {
    const { clock, cells } = this.#options;
    const tried = new Promise<void>((resolve) => {
      this.#onTried = resolve;
    });
    open();
    await withinTime(clock, JOIN_TIMEOUT, tried);
    const deadline = clock.now() + JOIN_TIMEOUT;
    while (this.#there && cells.conflict === undefined) {
      const wait = Math.min(this.#lastHello + ANSWER_TIME, deadline) - clock.now();
      if (wait <= 0) break;
      await elapse(clock, wait);
    }
    if (cells.conflict !== undefined) throw cells.conflict;
  }

  /** Says that this node ends. Resolves when everything has been let out, or the time (milliseconds) is over. */
  async leave(timeout: number): Promise<void> {
    const { outgoing, clock } = this.#options;
    if (!this.#there) return;
    outgoing.note(this.#hello, Kind.HELLO, this.#body({ end: true }));
    await withinTime(clock, timeout, outgoing.settled());
  }

  // ---- the connection ----

  async connected(): Promise<void> {
    const { cells, outgoing, clock, confirmed } = this.#options;
    const missed = clock.now() - (this.#downSince ?? clock.now()) + BEFORE;
    const again = this.#joined;
    this.#joined = true;
    this.#downSince = undefined;
    this.#apart = false;
    cells.excuse();
    outgoing.connected();
    // who hears the hello may publish at once: this node has to be all ears then
    if (!(await confirmed())) return;
    this.#there = true;
    this.#lastHello = clock.now();
    if (again) outgoing.markSince(missed);
    this.#awaited = new Set([...cells].filter(({ up }) => up));
    this.#say({ ask: true, missed: again ? missed : 0 });
    this.#onTried();
    if (this.#awaited.size === 0) outgoing.go();
    else this.#regroup = clock.setTimeout(() => outgoing.go(), REGROUP);
  }

  unreached(): void {
    this.#onTried();
  }

  disconnected(): void {
    this.#there = false;
    this.#awaited.clear();
    this.#regroup?.cancel();
    this.#downSince = this.#options.clock.now();
    this.#options.outgoing.disconnected();
  }

  /** A second is over. */
  sweep(): void {
    const { cells, outgoing, clock } = this.#options;
    const now = clock.now();
    // this process stood still
    if (now - this.#sweptAt > SWEEP * HELLO_SWEEPS) cells.excuse();
    this.#sweptAt = now;
    if (this.#downSince !== undefined) {
      if (now - this.#downSince > PATIENCE && !this.#apart) this.#goApart();
      return;
    }
    outgoing.sweep();
    cells.sweep();
    if (++this.#sweeps % HELLO_SWEEPS === 0 && this.#there) this.#say({});
  }

  #goApart(): void {
    const { cell, cells, outgoing, log } = this.#options;
    this.#apart = true;
    outgoing.giveUp();
    cells.apart();
    if (!this.#joined) return;
    log.warn(
      { cell },
      `there has been no connection to NATS for ${PATIENCE / 1000} s: the cell ${cell} goes on by itself, and what is for others is given up, and counted`,
    );
  }

  // ---- hellos ----

  /** @throws SyntaxError, GW_ARGUMENT when it is none */
  heard(node: FarNode, body: Buffer): void {
    const { cell, cells, outgoing, clock } = this.#options;
    const hello = parseHello(body);
    this.#lastHello = clock.now();
    cells.heard(node, hello);
    if (hello.end) return;
    // before, it says so to everybody soon
    if (hello.ask && this.#there) outgoing.noteNow(node.stream, Kind.HELLO, this.#body({}));
    if (this.#awaited.delete(node) && this.#awaited.size === 0) {
      this.#regroup?.cancel();
      outgoing.go();
    }
    if (node.cell === cell) return;
    if (hello.next !== null) node.numbers.next(StreamId.EVERY_NODE, hello.next);
    // not everybody at once
    if (hello.missed > 0) clock.setTimeout(() => outgoing.markSince(hello.missed), Math.random() * SWEEP);
  }

  #say(hello: { ask?: boolean; missed?: number }): void {
    this.#options.outgoing.noteNow(this.#hello, Kind.HELLO, this.#body(hello));
  }

  #body({ ask = false, missed = 0, end = false }): Buffer {
    const { cell, node, gateway, everyNode, outgoing } = this.#options;
    const next = outgoing.isEven ? everyNode.next : null;
    return encodeHello({ cell, node, gateway, next, ask, missed, end });
  }
}
