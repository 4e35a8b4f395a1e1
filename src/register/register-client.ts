import { Backoff, type BackoffOptions } from '../base/backoff.js';
import type { Timer } from '../base/clock.js';
import type { GatewayError } from '../base/errors.js';
import type { Logger } from '../base/log.js';
import { RegisterCall, type RegisterCaller, type RegisterCallOptions } from './register-call.js';

/** Between two attempts. */
const PAUSES: BackoffOptions = { first: 1000, last: 10_000, jitter: [0.75, 1] };

/** What a node can say of one Register. */
export interface RegisterStatus {
  /** `host:port` */
  readonly address: string;
  /** `joined`: it has told the list on the connection that is open. `waiting`: for the next attempt. */
  readonly state: 'connecting' | 'joined' | 'waiting' | 'closed';
  /** Why it is not joined, when an attempt has failed. */
  readonly lastError?: string;
  /** Attempts in a row that have failed. */
  readonly attempts: number;
}

export interface RegisterClientOptions extends RegisterCallOptions {
  readonly log: Logger;
  /** The Register's list of gateways. `first`: the first on a new connection, so that gateways may still be on their way to it. */
  readonly onAddresses: (addresses: readonly string[], first: boolean) => void;
  /** The Register that told the list is lost. */
  readonly onLost: () => void;
}

/** A node's way to one Register, dialled again whenever it is lost: 1 s later at first, 10 s in the long run. */
export class RegisterClient implements RegisterCaller {
  gateway: string | undefined;
  readonly #options: RegisterClientOptions;
  readonly #backoff = new Backoff(PAUSES);
  #state: RegisterStatus['state'] = 'connecting';
  /** The connection that is open or being opened. */
  #call: RegisterCall | undefined;
  /** The next attempt. */
  #retry: Timer | undefined;
  #attempts = 0;
  #error: GatewayError | undefined;
  /** What has been logged since the Register was last reached for a while: each problem is told once, not at each attempt. */
  readonly #told = new Set<string>();

  constructor(options: RegisterClientOptions) {
    this.#options = options;
    this.#dial();
  }

  status(): RegisterStatus {
    const { address } = this.#options;
    if (this.#state === 'joined') return { address, state: 'joined', attempts: 0 };
    return { address, state: this.#state, lastError: this.#error?.message, attempts: this.#attempts };
  }

  /** Announces this node's gateway, now and on every later connection. */
  announce(gateway: string): void {
    this.gateway = gateway;
    this.#call?.announce();
  }

  /** Takes the announcement back. The protocol has no word for that: only a connection that ends says it. */
  withdraw(): void {
    const announced = this.gateway !== undefined && this.#call?.introduced === true;
    this.gateway = undefined;
    if (!announced) return;
    this.#call?.end();
    this.#dial();
  }

  /** Ends the connection; no further one is opened. */
  close(): void {
    this.#retry?.cancel();
    this.#call?.end();
    this.#call = undefined;
    this.#state = 'closed';
  }

  #dial(): void {
    this.#state = 'connecting';
    this.#call = new RegisterCall(this.#options, this);
  }

  // ---- what the call reports ----

  listed(addresses: readonly string[], first: boolean): void {
    const { address, log, onAddresses } = this.#options;
    if (first) {
      this.#state = 'joined';
      this.#tell('joined', () => log.info({ register: address }, 'joined a Register'));
    }
    onAddresses(addresses, first);
  }

  /** What happens next is news. */
  steady(): void {
    this.#attempts = 0;
    this.#backoff.reset();
    this.#error = undefined;
    this.#told.clear();
  }

  lost(error: GatewayError): void {
    const { address, clock, log, onLost } = this.#options;
    const joined = this.#state === 'joined';
    this.#error = error;
    this.#tell(error.message, () => log.warn({ register: address }, error.message));
    this.#call = undefined;
    this.#state = 'waiting';
    this.#attempts++;
    this.#retry = clock.setTimeout(() => this.#dial(), this.#backoff.next());
    if (joined) onLost();
  }

  #tell(what: string, log: () => void): void {
    if (this.#told.has(what)) return;
    this.#told.add(what);
    log();
  }
}
