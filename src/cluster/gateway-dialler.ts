import type { Socket } from 'node:net';
import type { Clock, Timer } from '../base/clock.js';
import { GatewayError } from '../base/errors.js';
import type { InnerTls } from '../net/inner-socket.js';
import { LinkGauge } from '../ring/link-gauge.js';
import { type GatewayAddress, formatAddress } from '../wire/client-id.js';
import type { ReceivedFrame } from '../wire/frame.js';
import type { PeerIntroduction } from '../wire/worker-connect.js';
import { Backoff, type BackoffOptions } from '../base/backoff.js';
import type { CarrierOwner, GatewayCarrier } from './gateway-carrier.js';
import type { LinkInterest } from './gateway-interest.js';
import { type Dialled, RefusedError, dialGateway } from './gateway-introduction.js';
import type { Interests } from './interests.js';
import { NODE_GATEWAY } from './node-carrier.js';
import type { GatewayState } from '../link/gateway-state.js';

/** GatewayWorker's first attempt comes after a second as well. */
const PAUSES: BackoffOptions = { first: 1000, last: 10_000, jitter: [0.75, 1.25] };
/** Milliseconds after which a link that breaks counts as one that worked. */
const STEADY = 10_000;

/*
 *             dialled and answered             the link breaks
 *   dialling ----------------------> up ------------------------> dialling, or closed when nobody names it any more
 *      |                              | leave()
 *      | close()                      v
 *      +----> closed <------------- leaving
 *
 * dialling: it is being dialled, or will be after a while.
 */
type State = 'dialling' | 'up' | 'leaving' | 'closed';

export interface GatewayDiallerOptions {
  readonly introduction: PeerIntroduction;
  readonly tls: InnerTls | undefined;
  /** Milliseconds between two pings. */
  readonly pingInterval: number;
  /** Bytes that may wait for the gateway before it counts as congested. */
  readonly bufferSize: number;
  readonly clock: Clock;
  /** Of all gateways, for all links of the process. */
  readonly interests: Interests;
  /** A command that could not be put into a PHP gateway's terms: it is skipped. */
  readonly onError: (error: Error) => void;
}

/** Who has links to gateways. */
export interface GatewayDiallerOwner {
  /** What the owner tells gateways of itself: bits of WorkerState. */
  readonly workerState: number;
  /** An event of one of the gateway's clients, or a reply. */
  receive(frame: ReceivedFrame): void;
  /** Nothing more comes over the link that was up; it is dialled again. */
  broke(link: GatewayDialler, error: Error): void;
  /** An attempt to dial it has failed, for another reason than the last time. */
  unreached(link: GatewayDialler, error: Error): void;
  /** It is there, after it was not. */
  reached(link: GatewayDialler): void;
  /** It went up or down, or an attempt failed, or a congestion is over. */
  changed(link: GatewayDialler): void;
}

/** How a gateway on another node is reached. */
export interface GatewayDiallerStatus {
  /** `10.0.0.2:2900`. */
  readonly address: string;
  /** `refused`: it is there, and will not have this node. */
  readonly state: 'up' | 'down' | 'refused';
  /** Whether it is a PHP gateway. */
  readonly legacy: boolean;
  /** Its node's name, once it has been up; '' for a PHP gateway. */
  readonly node: string;
  readonly bufferedBytes: number;
  /** Sends to uids and groups that were not sent there, since it has no client of them. */
  readonly spared: number;
  /** Attempts to reach it since it was last up. */
  readonly attempts: number;
  /** Why it is down; null while it is up. */
  readonly lastError: string | null;
}

/** One slot's connection to the gateway of another node: dialled again whenever it breaks, for as long as it is wanted. */
export class GatewayDialler implements CarrierOwner {
  readonly address: GatewayAddress;
  /** Whether it is still named by whoever knows the gateways: what decides when it breaks. */
  wanted = true;
  readonly #owner: GatewayDiallerOwner;
  readonly #options: GatewayDiallerOptions;
  readonly #gauge = new LinkGauge();
  readonly #backoff = new Backoff(PAUSES);
  readonly #giveUp = new AbortController();
  #state: State = 'dialling';
  #carrier: GatewayCarrier | undefined;
  /** While it is up, of a gateway that tells which uids and groups it has clients of. */
  #interest: LinkInterest | undefined;
  #retry: Timer | undefined;
  /** As it was when it was last up. */
  #kind = NODE_GATEWAY;
  #node = '';
  #routes = false;
  #spared = 0;
  #attempts = 0;
  /** Milliseconds on the clock. */
  #upSince = 0;
  #lastError: string | null = null;
  #tried = false;
  #refused = false;
  /** What the gateway was last told. */
  #told = 0;

  constructor(address: GatewayAddress, owner: GatewayDiallerOwner, options: GatewayDiallerOptions) {
    this.address = address;
    this.#owner = owner;
    this.#options = options;
    void this.#dial();
  }

  get up(): boolean {
    return this.#carrier !== undefined;
  }

  /** Whether the first attempt to reach it has ended: before, nobody can say that it is missing. */
  get tried(): boolean {
    return this.#tried;
  }

  get status(): GatewayDiallerStatus {
    return {
      address: formatAddress(this.address),
      state: this.up ? 'up' : this.#refused ? 'refused' : 'down',
      legacy: this.#kind.php,
      node: this.#node,
      bufferedBytes: this.#carrier?.bufferedBytes ?? 0,
      spared: this.#spared,
      attempts: this.#attempts,
      lastError: this.#lastError,
    };
  }

  /** What the slot's thread has to know of it. */
  get forThread(): GatewayState {
    return {
      ...this.address,
      up: this.up,
      php: this.#kind.php,
      routes: this.#routes,
      gauge: this.#gauge.shared,
    };
  }

  /** Sends a command. While the link is down it is nobody's. @param bytes the frame, encoded; they do not change any more */
  send(frame: ReceivedFrame, bytes: Buffer): void {
    const carrier = this.#carrier;
    if (carrier === undefined) return;
    carrier.send(frame, bytes);
    this.#interest?.sent(frame);
    this.#gauge.show(carrier.bufferedBytes, carrier.congested);
  }

  /** Whether a send to clients of these names has to go there. @param names as SendNames has them */
  concerns(names: readonly number[]): boolean {
    if (this.#interest === undefined || this.#interest.mayHave(names)) return true;
    this.#spared++;
    return false;
  }

  /** Tells the gateway how its worker is, if that has changed. */
  showState(): void {
    const state = this.#owner.workerState;
    if (state === this.#told || this.#state !== 'up') return;
    this.#told = state;
    this.#carrier?.showState(state);
  }

  /** Asks for no further event. Resolves when the last one has come; the link stays up for commands and replies. */
  async leave(): Promise<void> {
    if (this.#carrier === undefined) {
      this.#abandon();
      return;
    }
    this.#state = 'leaving';
    await this.#carrier.leave(this.#owner.workerState);
  }

  /** Lets out what was sent, and ends. @param timeout milliseconds after which it ends in any case */
  async close(timeout: number): Promise<void> {
    const carrier = this.#carrier;
    this.#abandon();
    await carrier?.close(timeout);
  }

  /** Ends at once. */
  destroy(): void {
    const carrier = this.#carrier;
    this.#abandon();
    carrier?.destroy();
  }

  /** Dials no more. */
  #abandon(): void {
    this.wanted = false;
    this.#state = 'closed';
    this.#retry?.cancel();
    this.#giveUp.abort();
  }

  async #dial(): Promise<void> {
    const { introduction, tls, clock } = this.#options;
    this.#attempts++;
    try {
      const { signal } = this.#giveUp;
      this.#answered(await dialGateway(this.address, { introduction, tls, clock, signal }));
    } catch (error) {
      if (this.#state === 'closed') return;
      // the same reason again is no news
      if (this.#lastError !== (error as Error).message) this.#owner.unreached(this, error as GatewayError);
      this.#failed(error as GatewayError);
    }
  }

  #answered(dialled: Dialled): void {
    if (this.#state === 'closed') {
      dialled.socket.destroy();
      return;
    }
    if (this.#lastError !== null) this.#owner.reached(this);
    this.#lastError = null;
    this.#refused = false;
    this.#tried = true;
    this.#node = dialled.node;
    this.#routes = dialled.routes;
    this.#kind = dialled.kind;
    this.#attempts = 0;
    this.#upSince = this.#options.clock.now();
    this.#state = 'up';
    this.#carrier = this.#carry(dialled.socket);
    if (dialled.tellsInterest) this.#interest = this.#options.interests.open(this.address, this.#sendOwn);
    this.showState();
    this.#owner.changed(this);
  }

  readonly #sendOwn = (frame: ReceivedFrame): void => this.#carrier?.send(frame, frame.bytes);

  #carry(socket: Socket): GatewayCarrier {
    const { address } = this;
    const name = `the gateway ${formatAddress(address)}`;
    return this.#kind.carry(socket, { ...this.#options, address, name, owner: this });
  }

  // ---- what the carrier reports ----

  event(frame: ReceivedFrame): void {
    const { localIp: ip, localPort: port } = frame;
    if (ip !== this.address.ip || port !== this.address.port) {
      // client ids begin with the gateway's address: one that calls itself otherwise than it is reached cannot be answered
      throw new GatewayError(
        'GW_CLUSTER',
        `The gateway that is reached at ${formatAddress(this.address)} calls itself ${formatAddress({ ip, port })}; set its gateway.lanIp and gateway.lanPort to the address by which others reach it.`,
      );
    }
    this.#owner.receive(frame);
  }

  reply(frame: ReceivedFrame): void {
    this.#owner.receive(frame);
  }

  interest(frame: ReceivedFrame): void {
    this.#interest?.received(frame);
  }

  drained(): void {
    this.#gauge.show(this.#carrier?.bufferedBytes ?? 0, false);
    this.#owner.changed(this);
  }

  closed(error?: Error): void {
    this.#carrier = undefined;
    if (this.#interest !== undefined) this.#options.interests.close(this.address, this.#interest);
    this.#interest = undefined;
    this.#gauge.show(0, false);
    this.#told = 0;
    // one that hangs up as soon as it was reached is dialled less and less often, too
    if (this.#options.clock.now() - this.#upSince >= STEADY) this.#backoff.reset();
    const wasClosing = this.#state === 'closed';
    if (this.#state === 'up') this.#state = 'dialling';
    else this.#abandon();
    if (wasClosing) return;
    const broken = error ?? new GatewayError('GW_LINK_CLOSED', 'it hung up');
    this.#owner.broke(this, broken);
    this.#failed(broken);
  }

  #failed(error: Error): void {
    this.#tried = true;
    this.#lastError = error.message;
    this.#refused = error instanceof RefusedError;
    if (this.wanted && this.#state === 'dialling') {
      this.#retry = this.#options.clock.setTimeout(() => void this.#dial(), this.#backoff.next());
    } else {
      this.#abandon();
    }
    this.#owner.changed(this);
  }
}
