import type { ClientChange, KnownGateway, RouteChange, Transport } from '../api/transport.js';
import { DrainQueue } from '../api/drain-queue.js';
import { GatewayError } from '../base/errors.js';
import type { ThreadLink } from '../link/thread-link.js';
import type { GatewayState } from '../link/gateway-state.js';
import { LinkGauge } from '../ring/link-gauge.js';
import {
  type ClientAddress,
  type GatewayAddress,
  addressKey,
  formatAddress,
  nameWithCell,
} from '../wire/client-id.js';
import { Command, Flag } from '../wire/command.js';
import { type Frame, MAX_INNER_PACKAGE, frameLength } from '../wire/frame.js';
import type { BusinessWorker } from './business-worker.js';
import { type GatewayDialect, ourDialect } from './gateway-dialect.js';
import { phpDialect } from './php-dialect.js';

/** A request id's low 24 bits count; the high byte tells whose reply it is (link/slot-link.ts). */
const COUNT_MASK = 0xff_ffff;

interface LinkedGateway extends KnownGateway {
  readonly dialect: GatewayDialect;
  /** What waits for it; undefined for the gateway of this process. */
  readonly gauge: LinkGauge | undefined;
}

/** The Gateway API's way out of a worker thread: the slot's ring link. */
export class ThreadTransport implements Transport {
  /** Set once the handlers run; before that, no client is handled and none changes. */
  worker: BusinessWorker | undefined;
  readonly #link: ThreadLink;
  readonly #bufferSize: number;
  readonly #thread: number;
  #gateways: readonly LinkedGateway[] = [];
  readonly #byAddress = new Map<number, LinkedGateway>();
  /** Of those that are up, one for each gauge: all of other cells have the same. */
  #gauged: readonly LinkedGateway[] = [];
  /** The one that was sent to last. */
  #last: LinkedGateway | undefined;
  #lastRequest = 0;
  /** For handlers. */
  readonly #room = new DrainQueue(() => this.#congested);

  /** @param bufferSize bytes that may wait before a send returns false; beyond twice as many it throws */
  constructor(link: ThreadLink, options: { bufferSize: number; thread: number }) {
    this.#link = link;
    this.#bufferSize = options.bufferSize;
    this.#thread = options.thread;
  }

  /**
   * The gateways that there are from now on.
   *
   * @returns those that cannot be asked any more
   */
  setGateways(states: readonly GatewayState[]): readonly GatewayAddress[] {
    const before = this.#gateways;
    this.#gateways = states.map(({ gauge, ...gateway }) => ({
      ...gateway,
      dialect: gateway.php ? phpDialect : ourDialect,
      gauge: gauge === null ? undefined : new LinkGauge(gauge),
    }));
    this.#byAddress.clear();
    for (const gateway of this.#gateways) this.#byAddress.set(addressKey(gateway.ip, gateway.port), gateway);
    const gauges = new Map(states.map(({ gauge, up }, index) => [up ? gauge : null, this.#gateways[index]]));
    gauges.delete(null);
    this.#gauged = [...gauges.values()];
    this.#last = undefined;
    this.linkDrained();
    return before.filter(({ up, ip, port }) => up && this.#at(ip, port)?.up !== true);
  }

  gateways(): readonly LinkedGateway[] {
    return this.#gateways;
  }

  /** The dialect of a client's gateway. */
  dialectOf({ localIp, localPort }: Readonly<ClientAddress>): GatewayDialect {
    return this.#at(localIp, localPort)?.dialect ?? ourDialect;
  }

  /** Whether there is a link to a client's gateway. */
  reaches({ localIp, localPort }: Readonly<ClientAddress>): boolean {
    return this.#at(localIp, localPort)?.up === true;
  }

  send(frame: Frame): boolean {
    const { localIp, localPort } = frame;
    // without an address it is for every gateway
    const writable =
      localIp === 0 ? this.#checkAll() : this.#check(this.#at(localIp, localPort), localIp, localPort);
    this.#checkRing();
    if (this.#last?.gauge !== undefined || localIp === 0) this.#checkLength(frame);
    if (frame.command === Command.KICK || frame.command === Command.DESTROY) {
      return this.#sendEnd(frame) && writable;
    }
    return this.#link.send(frame) && writable;
  }

  /** Sends what closes a client; after that, its worker has nothing more of it handled but its end. */
  #sendEnd(frame: Frame): boolean {
    if (this.worker?.clients.owns(frame) === true) frame.flags |= Flag.OWN;
    const writable = this.#link.send(frame);
    this.worker?.clients.closed(frame);
    return writable;
  }

  async drained(): Promise<void> {
    await this.#room.available();
  }

  /** There may be room again. */
  linkDrained(): void {
    this.#room.wake();
  }

  nextRequestId(): number {
    this.#lastRequest = (this.#lastRequest + 1) & COUNT_MASK;
    return ((this.#thread << 24) | this.#lastRequest) >>> 0;
  }

  flushSession(): void {
    this.worker?.handlers.flushSession();
  }

  changing(clientId: string, change: ClientChange | RouteChange): number {
    const client = this.worker?.clients.find(clientId);
    if (client === undefined) return 0;
    // the view counts on the change being sent, so what would refuse it has to do so first
    const { localIp, localPort } = client.events;
    this.#check(this.#at(localIp, localPort), localIp, localPort);
    this.#checkRing();
    if (change.kind === 'route') return this.worker?.routes.ask(client) === true ? Flag.OWN : 0;
    // what the handler changed before this call comes before it
    if (change.kind === 'update') this.worker?.handlers.flushSession();
    return client.view.change(change);
  }

  get #congested(): boolean {
    return this.#link.congested || this.#gauged.some(({ gauge }) => gauge?.congested === true);
  }

  #at(ip: number, port: number): LinkedGateway | undefined {
    if (this.#last?.ip !== ip || this.#last.port !== port) {
      this.#last = this.#byAddress.get(addressKey(ip, port));
    }
    return this.#last;
  }

  /** @returns whether little waits on the way to the gateway */
  #check(gateway: LinkedGateway | undefined, ip: number, port: number): boolean {
    if (gateway?.up !== true) throw this.#noLink(gateway, ip, port);
    const { gauge } = gateway;
    if (gauge === undefined) return true;
    if (gauge.buffered > this.#bufferSize * 2) throw this.#overflow(gateway, gauge.buffered);
    return !gauge.congested;
  }

  /** Before anything is sent to any. Those that are down get nothing. */
  #checkAll(): boolean {
    let writable = true;
    for (const gateway of this.#gauged) {
      if (!this.#check(gateway, gateway.ip, gateway.port)) writable = false;
    }
    return writable;
  }

  #checkRing(): void {
    if (!this.#link.congested || this.#link.bufferedBytes <= this.#bufferSize * 2) return;
    throw this.#overflow(undefined, this.#link.bufferedBytes);
  }

  /** A gateway of another node hangs up on a frame that is too long for it, and with that on all its clients. */
  #checkLength(frame: Frame): void {
    // a character takes three bytes at most
    if ((frame.ext.length + frame.body.length) * 3 < MAX_INNER_PACKAGE) return;
    const length = frameLength(frame);
    if (length <= MAX_INNER_PACKAGE) return;
    for (const gateway of frame.localIp === 0 ? this.#gateways : [this.#last]) {
      if (gateway?.gauge === undefined || !gateway.up) continue;
      if (length > gateway.dialect.maxFrameLength) throw tooLong(length, gateway);
    }
  }

  /** @param to undefined: the ring to the main thread */
  #overflow(to: GatewayAddress | undefined, bytes: number): GatewayError {
    const gateway =
      to === undefined
        ? 'the gateway'
        : to.cell === undefined
          ? formatAddress(to)
          : `other cells by the backbone, such as ${nameWithCell(to)}`;
    return new GatewayError(
      'GW_OVERFLOW',
      `${bytes} bytes wait for ${gateway}, more than twice sendToGatewayBufferSize (${this.#bufferSize}); after a send returned false, await Gateway.drained() before more.`,
    );
  }

  #noLink(gateway: LinkedGateway | undefined, ip: number, port: number): GatewayError {
    const name = formatAddress({ ip, port });
    const known = this.#gateways.map((address) => formatAddress(address)).join(', ');
    return new GatewayError(
      'GW_LINK_CLOSED',
      gateway === undefined
        ? `There is no link to the gateway ${name}, which the client id names; this worker knows ${known || 'none'}.`
        : gateway.cell !== undefined
          ? `The gateway ${nameWithCell(gateway)} cannot be reached: its node, the backbone or this node’s connection to that is down.`
          : `The link to the gateway ${name} is down; it is dialled again until it answers.`,
    );
  }
}

function tooLong(length: number, gateway: LinkedGateway): GatewayError {
  const { whose, maxFrameLength } = gateway.dialect;
  return new GatewayError(
    'GW_ARGUMENT',
    `A message would make ${length} bytes on the way to another node; the gateway ${formatAddress(gateway)}, ${whose}, takes ${maxFrameLength} at most. Nothing was sent: send it in parts.`,
  );
}
