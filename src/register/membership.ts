import type { Clock, Timer } from '../base/clock.js';
import type { InnerTls } from '../net/inner-socket.js';
import type { Logger } from '../base/log.js';
import { RegisterClient, type RegisterStatus } from './register-client.js';

/**
 * Milliseconds that what a Register said still counts after it was lost, and after it has spoken again: it may be started
 * anew, and then knows only the gateways that found it sooner than this node did; the last of them dials within 10 s.
 */
const LINGER_TIME = 15_000;

export interface MembershipOptions {
  /** `host:port` of each. */
  readonly registers: readonly string[];
  readonly secretKey: string;
  readonly tls?: InnerTls;
  /** Milliseconds. */
  readonly pingInterval: number;
  readonly clock: Clock;
  readonly log: Logger;
}

/** What one Register has said. */
class Word {
  client!: RegisterClient;
  spoken = false;
  addresses: readonly string[] = [];
  /** What it said on connections that are lost, for the time being. */
  lingering: readonly string[] = [];
  timer: Timer | undefined;
}

/**
 * A node's place in its cluster: it announces the node's gateway to every Register, and knows the gateways of all nodes as
 * the union of what the Registers say. One that answers is enough. What a lost one said last counts for a while, in which
 * gateways that only it knew find another; with every Register lost nothing is forgotten.
 */
export class Membership {
  readonly #options: MembershipOptions;
  readonly #words: readonly Word[];
  #gateway: string | undefined;
  #addresses: readonly string[] = [];
  readonly #watchers = new Set<(addresses: readonly string[]) => void>();
  #settling: Array<() => void> = [];

  /** Dials at once. */
  constructor(options: MembershipOptions) {
    this.#options = options;
    this.#words = [...new Set(options.registers)].map((address) => this.hearFrom(address));
  }

  /** Announces this node's gateway, `ip:port`, to every Register, now and whenever it comes back. */
  announce(address: string): void {
    this.#gateway = address;
    for (const { client } of this.#words) client.announce(address);
  }

  /** Takes the announcement back: no worker will dial this gateway from now on. */
  withdraw(): void {
    const gone = this.#gateway;
    this.#gateway = undefined;
    for (const word of this.#words) {
      word.addresses = word.addresses.filter((address) => address !== gone);
      word.lingering = word.lingering.filter((address) => address !== gone);
      word.client.withdraw();
    }
    this.#publish();
  }

  /**
   * Hands on the addresses of all gateways, this node's included, sorted: at once if there are any, and whenever they change.
   *
   * A gateway that is no longer among them is not gone for that reason: Registers may be at fault. A link to it that works
   * is to be kept, and one that is lost not to be dialled again.
   *
   * @returns ends it
   */
  watch(onChange: (addresses: readonly string[]) => void): () => void {
    this.#watchers.add(onChange);
    if (this.#addresses.length > 0) onChange(this.#addresses);
    return () => this.#watchers.delete(onChange);
  }

  /** Waits until every Register has answered once, or for `timeout` milliseconds. @returns whether all have */
  async settled(timeout: number): Promise<boolean> {
    if (!this.#allSpoken()) {
      await new Promise<void>((resolve) => {
        const timer = this.#options.clock.setTimeout(resolve, timeout);
        this.#settling.push(() => {
          timer.cancel();
          resolve();
        });
      });
    }
    return this.#allSpoken();
  }

  /** Of each Register, in the order of the configuration. */
  status(): RegisterStatus[] {
    return this.#words.map(({ client }) => client.status());
  }

  /** Leaves the cluster: whoever watches hears nothing more. */
  close(): void {
    this.#watchers.clear();
    for (const { client, timer } of this.#words) {
      timer?.cancel();
      client.close();
    }
    this.#settle();
  }

  hearFrom(address: string): Word {
    const { secretKey, tls, pingInterval, clock, log } = this.#options;
    const word = new Word();
    word.client = new RegisterClient({
      address,
      secretKey,
      tls,
      pingInterval,
      clock,
      log,
      onAddresses: (addresses, first) => this.#hear(word, addresses, first),
      onLost: () => this.#linger(word),
    });
    return word;
  }

  #hear(word: Word, addresses: readonly string[], first: boolean): void {
    if (first) {
      this.#linger(word);
      // it may know less than those that are lost did
      for (const other of this.#words) this.#startTimer(other);
    }
    word.spoken = true;
    word.addresses = addresses;
    this.#publish();
    if (this.#allSpoken()) this.#settle();
  }

  /** What it said so far counts only for a while from now on. */
  #linger(word: Word): void {
    word.lingering = [...new Set([...word.lingering, ...word.addresses])];
    word.addresses = [];
    this.#startTimer(word);
  }

  #startTimer(word: Word): void {
    word.timer?.cancel();
    if (word.lingering.length === 0) return;
    word.timer = this.#options.clock.setTimeout(() => {
      // with no Register to know better, it goes on counting until one is back
      if (!this.#words.some(({ client }) => client.status().state === 'joined')) return;
      word.lingering = [];
      this.#publish();
    }, LINGER_TIME);
  }

  #publish(): void {
    const union = new Set(this.#words.flatMap((word) => [...word.addresses, ...word.lingering]));
    if (union.size === this.#addresses.length && this.#addresses.every((address) => union.has(address)))
      return;
    this.#addresses = [...union].toSorted();
    for (const onChange of this.#watchers) onChange(this.#addresses);
  }

  #allSpoken(): boolean {
    return this.#words.every(({ spoken }) => spoken);
  }

  #settle(): void {
    for (const resolve of this.#settling.splice(0)) resolve();
  }
}
