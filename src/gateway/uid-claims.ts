import type { Clock } from '../base/clock.js';
import { Queue } from '../base/queue.js';
import type { ClientRecord } from './client-record.js';
import type { Directory } from './directory.js';

/**
 * Milliseconds within which claims are compared by when they were made: longer than one is on its way to a gateway. Of two
 * that are further apart, the later one to arrive counts, however wrong the clocks of their machines are.
 */
const TOGETHER = 10_000;

/** A client has taken a uid for itself. */
export interface UidClaim {
  readonly uid: string;
  readonly clientId: string;
  /** When, by the clock of the machine that says so. */
  readonly at: number;
}

interface Remembered {
  readonly claim: UidClaim;
  /** By our own clock. */
  readonly until: number;
}

/**
 * Clients that have a uid for themselves. A claim goes to every gateway, which closes its own clients of that uid. Several at
 * once may arrive in different orders at different gateways: so each is remembered for a while, and the newest counts
 * everywhere, also at a gateway that hears of it before it hears of an older one.
 */
export class UidClaims {
  readonly #directory: Directory;
  readonly #clock: Clock;
  readonly #clientIdOf: (client: ClientRecord) => string;
  /** The newest of each uid, of those that are remembered. */
  readonly #newest = new Map<string, Remembered>();
  /** In the order in which they are forgotten. */
  readonly #remembered = new Queue<Remembered>();
  /** Who has lost a uid, and so is being closed: it takes nobody else's. */
  readonly #losers = new WeakSet<ClientRecord>();

  constructor(directory: Directory, clock: Clock, clientIdOf: (client: ClientRecord) => string) {
    this.#directory = directory;
    this.#clock = clock;
    this.#clientIdOf = clientIdOf;
  }

  /**
   * A claim has come: its client, if it is one of ours, is bound, in one step with it, so that no other claim comes between.
   *
   * @param client undefined where another gateway has it
   * @returns those of our clients that lose the uid by it; perhaps the one that claims it
   */
  add(claim: UidClaim, client: ClientRecord | undefined): ClientRecord[] {
    this.#forgetOld();
    if (client !== undefined && this.#losers.has(client)) return [];
    if (client !== undefined) this.#directory.bind(client, claim.uid);
    const known = this.#newest.get(claim.uid)?.claim;
    const winner = known !== undefined && isNewer(known, claim) ? known : claim;
    const now = { claim, until: this.#clock.now() + TOGETHER };
    if (winner === claim) this.#newest.set(claim.uid, now);
    this.#remembered.push(now);
    const losers = [...this.#directory.withUid(claim.uid)].filter(
      (holder) => this.#clientIdOf(holder) !== winner.clientId,
    );
    for (const loser of losers) this.#losers.add(loser);
    return losers;
  }

  #forgetOld(): void {
    const now = this.#clock.now();
    for (let oldest = this.#remembered.peek(); oldest !== undefined; oldest = this.#remembered.peek()) {
      if (oldest.until > now) return;
      this.#remembered.shift();
      const { uid } = oldest.claim;
      if (this.#newest.get(uid) === oldest) this.#newest.delete(uid);
    }
  }
}

function isNewer(one: UidClaim, other: UidClaim): boolean {
  return one.at === other.at ? one.clientId > other.clientId : one.at > other.at;
}
