import type { Clock, Timer } from '../clock.js';
import { GatewayError } from '../errors.js';
import type { InnerTls } from '../inner-socket.js';
import { LinkGauge } from '../ring/link-gauge.js';
import { type GatewayAddress, formatAddress } from '../wire/client-id.js';
import { Command, WorkerState, commandName } from '../wire/command.js';
import { type ReceivedFrame, emptyFrame } from '../wire/frame.js';
import type { PeerIntroduction } from '../wire/worker-connect.js';
import { Backoff } from './backoff.js';
import { type Dialled, dialGateway } from './gateway-handshake.js';
import { LinkHeartbeat } from './link-heartbeat.js';
import { TcpLink } from './tcp-link.js';
import type { GatewayState } from './worker-task.js';

/** Bytes of the longest frame taken from a gateway: the answer of one with a million sessions. */
const MAX_FRAME_LENGTH = 2 ** 28;

/*
 *            dialled and answered             the link breaks
 *   waiting ----------------------> up ------------------------> waiting, or closed when nobody names it any more
 *      |                             | leave()
 *      | close()                     v
 *      +----> closed <------------ leaving
 *
 * waiting: it is being dialled, or will be after a while.
 */
type State = 'waiting' | 'up' | 'leaving' | 'closed';

export interface GatewayLinkOptions {
  readonly introduction: PeerIntroduction;
  readonly tls: InnerTls | undefined;
  /** Milliseconds between two pings. */
  readonly pingInterval: number;
  /** Bytes that may wait for the gateway before it counts as congested. */
  readonly bufferSize: number;
  readonly clock: Clock;
}

/** Who has links to gateways. */
export interface GatewayLinkOwner {
  /** What the owner tells gateways of itself: bits of WorkerState. */
  readonly workerState: number;
  /** An event of one of the gateway's clients, or a reply. */
  receive(frame: ReceivedFrame): void;
  /** Nothing more comes over the link that was up; it is dialled again. */
  broke(link: GatewayLink, error: GatewayError): void;
  /** It went up or down, or an attempt failed, or a congestion is over. */
  changed(link: GatewayLink): void;
}

/** How a gateway on another node is reached. */
export interface GatewayLinkStatus {
  /** `10.0.0.2:2900`. */
  readonly address: string;
  readonly state: 'up' | 'down';
  /** Whether it is a PHP gateway. */
  readonly legacy: boolean;
  /** Its node's name, once it has been up; '' for a PHP gateway. */
  readonly node: string;
  readonly bufferedBytes: number;
  /** Attempts to reach it since it was last up. */
  readonly attempts: number;
  /** Why it is down, or was last. */
  readonly lastError: string | null;
}

/** One slot's connection to the gateway of another node: dialled again whenever it breaks, for as long as it is wanted. */
export class GatewayLink {
  readonly address: GatewayAddress;
  /** Whether it is still named by whoever knows the gateways: what decides when it breaks. */
  wanted = true;
  readonly #owner: GatewayLinkOwner;
  readonly #options: GatewayLinkOptions;
  readonly #gauge = new LinkGauge();
  readonly #backoff = new Backoff();
  readonly #giveUp = new AbortController();
  readonly #stateFrame = { ...emptyFrame(), command: Command.WORKER_STATE };
  #state: State = 'waiting';
  #tcp: TcpLink | undefined;
  #heartbeat: LinkHeartbeat | undefined;
  #retry: Timer | undefined;
  #node = '';
  #attempts = 0;
  #lastError: string | null = null;
  /** What the gateway was last told. */
  #told = 0;
  #onLeft: (() => void) | undefined;

  constructor(address: GatewayAddress, owner: GatewayLinkOwner, options: GatewayLinkOptions) {
    this.address = address;
    this.#owner = owner;
    this.#options = options;
    void this.#dial();
  }

  get up(): boolean {
    return this.#state === 'up' || this.#state === 'leaving';
  }

  /** Whether the first attempt to reach it has ended: before, nobody can say that it is missing. */
  get tried(): boolean {
    return this.up || this.#lastError !== null;
  }

  get status(): GatewayLinkStatus {
    return {
      address: formatAddress(this.address),
      state: this.up ? 'up' : 'down',
      legacy: false,
      node: this.#node,
      bufferedBytes: this.#tcp?.bufferedBytes ?? 0,
      attempts: this.#attempts,
      lastError: this.#lastError,
    };
  }

  /** What the slot's thread has to know of it. */
  get forThread(): GatewayState {
    return { ...this.address, up: this.up, legacy: false, gauge: this.#gauge.shared };
  }

  /** Sends a frame that is encoded already, and does not change any more. While the link is down it is nobody's. */
  send(bytes: Buffer): void {
    const tcp = this.#tcp;
    if (tcp?.state !== 'open') return;
    tcp.sendBytes(bytes);
    this.#gauge.show(tcp.bufferedBytes, tcp.congested);
  }

  /** Tells the gateway how its worker is, if that has changed. */
  announce(): void {
    const state = this.#owner.workerState;
    if (this.#state !== 'up' || state === this.#told) return;
    this.#tell(state);
  }

  /** Asks for no further event. Resolves when the last one has come; the link stays up for commands and replies. */
  async leave(): Promise<void> {
    if (this.#state !== 'up') {
      this.#abandon();
      return;
    }
    this.#state = 'leaving';
    await new Promise<void>((resolve) => {
      this.#onLeft = resolve;
      this.#tell(this.#owner.workerState | WorkerState.LEAVING);
    });
  }

  /** Lets out what was sent, and ends. */
  async close(): Promise<void> {
    this.wanted = false;
    if (this.up) await this.#tcp?.close();
    this.#abandon();
  }

  /** Ends at once. */
  destroy(): void {
    this.wanted = false;
    if (this.up) this.#tcp?.destroy();
    this.#abandon();
  }

  /** Dials no more. */
  #abandon(): void {
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
      this.#failed(error as GatewayError);
    }
  }

  #answered({ socket, legacy, node }: Dialled): void {
    if (this.#state === 'closed') {
      socket.destroy();
      return;
    }
    if (legacy) {
      socket.destroy();
      throw new GatewayError('GW_CLUSTER', `${formatAddress(this.address)} is a PHP gateway.`);
    }
    const { bufferSize, clock, pingInterval } = this.#options;
    const name = `the gateway ${formatAddress(this.address)}`;
    const tcp = new TcpLink(socket, { name, bufferSize, maxFrameLength: MAX_FRAME_LENGTH });
    this.#tcp = tcp;
    this.#node = node;
    this.#attempts = 0;
    this.#backoff.reset();
    this.#state = 'up';
    tcp.listen({
      frame: (frame) => this.#receive(frame),
      drained: () => {
        this.#gauge.show(tcp.bufferedBytes, false);
        this.#owner.changed(this);
      },
      closed: (error) => this.#closed(error),
    });
    this.#heartbeat = new LinkHeartbeat(tcp, { clock, interval: pingInterval, answered: true });
    this.#tell(this.#owner.workerState);
    this.#owner.changed(this);
    tcp.resume();
  }

  #receive(frame: ReceivedFrame): void {
    switch (frame.command) {
      case Command.ON_MESSAGE:
      case Command.ON_CONNECT:
      case Command.ON_CLOSE:
      case Command.ON_WEBSOCKET_CONNECT:
        if (frame.localIp === this.address.ip && frame.localPort === this.address.port) {
          this.#owner.receive(frame);
        } else {
          this.#tcp?.destroy(this.#otherName(frame));
        }
        return;
      case Command.REPLY:
        // the handshake's own query has no number
        if (frame.clientIp !== 0) this.#owner.receive(frame);
        return;
      case Command.WORKER_STATE:
        if ((frame.clientIp & WorkerState.LEAVING) !== 0) this.#onLeft?.();
        return;
      case Command.PING:
        return;
      default:
        this.#tcp?.destroy(
          new GatewayError('GW_FRAME', `It sent ${commandName(frame.command)}, which no gateway sends.`),
        );
    }
  }

  /** Client ids begin with the gateway's address: one that calls itself otherwise than it is reached cannot be answered. */
  #otherName({ localIp: ip, localPort: port }: ReceivedFrame): GatewayError {
    return new GatewayError(
      'GW_CLUSTER',
      `The gateway that is reached at ${formatAddress(this.address)} calls itself ${formatAddress({ ip, port })}; set its gateway.lanIp and gateway.lanPort to the address by which others reach it.`,
    );
  }

  #closed(error: Error | undefined): void {
    this.#heartbeat?.close();
    this.#tcp = undefined;
    this.#gauge.show(0, false);
    this.#told = 0;
    const message = error?.message ?? 'it hung up';
    const cause = new GatewayError('GW_LINK_CLOSED', message, { cause: error });
    if (this.#state === 'up') this.#state = 'waiting';
    else this.#abandon();
    this.#onLeft?.();
    this.#owner.broke(this, cause);
    this.#failed(cause);
  }

  #failed(error: GatewayError): void {
    this.#lastError = error.message;
    if (this.wanted && this.#state === 'waiting') {
      this.#retry = this.#options.clock.setTimeout(() => void this.#dial(), this.#backoff.next());
    } else {
      this.#abandon();
    }
    this.#owner.changed(this);
  }

  #tell(state: number): void {
    this.#told = state;
    this.#stateFrame.clientIp = state;
    this.#tcp?.send(this.#stateFrame);
  }
}
