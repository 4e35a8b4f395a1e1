import { type Clock, withinTime } from '../base/clock.js';
import { GatewayError } from '../base/errors.js';
import type { KnownGateway } from '../api/transport.js';
import type { CellWay, CellWayOwner, OtherCells } from '../cluster/other-cells.js';
import { LinkGauge } from '../ring/link-gauge.js';
import { type GatewayAddress, nameWithCell } from '../wire/client-id.js';
import { Flag } from '../wire/command.js';
import {
  type Frame,
  MAX_FRAME_LENGTH,
  type ReceivedFrame,
  decodeFrame,
  encodeFrame,
  frameLength,
} from '../wire/frame.js';
import type { GatewayReplies } from './gateway-way.js';

export interface CellGatewaysOptions extends GatewayReplies {
  readonly cells: OtherCells;
  readonly clock: Clock;
  /** Milliseconds for the last answers while closing. */
  readonly timeout: number;
  /** There may be room again. */
  onDrained(): void;
}

/** The way to the gateways of other cells, which have one in common: the backbone. */
export class CellGateways implements CellWayOwner {
  readonly #options: CellGatewaysOptions;
  readonly #way: CellWay;
  /** What waits for them: they have it in common. */
  #gauge: LinkGauge | undefined;
  /** Who has been asked, by request id. */
  readonly #asked = new Map<number, GatewayAddress>();
  #onAnswered: () => void = () => {};

  constructor(options: CellGatewaysOptions) {
    this.#options = options;
    this.#way = options.cells.open(this);
  }

  get gateways(): readonly KnownGateway[] {
    return this.#way.gateways;
  }

  at(ip: number, port: number): KnownGateway | undefined {
    return this.gateways.find((gateway) => gateway.ip === ip && gateway.port === port);
  }

  /** Whether more waits than the backbone's buffer size. */
  get congested(): boolean {
    return this.#known?.congested === true;
  }

  /** @throws GW_OVERFLOW, or GW_ARGUMENT for a message that is too long for a frame */
  check(frame: Frame): void {
    const [first] = this.gateways;
    if (first === undefined) return;
    const length = frameLength(frame);
    if (length > MAX_FRAME_LENGTH) {
      throw new GatewayError(
        'GW_ARGUMENT',
        `A message would make ${length} bytes on the way to other cells, which take ${MAX_FRAME_LENGTH} at most. Nothing was sent: send it in parts.`,
      );
    }
    const { bufferSize } = this.#way;
    const buffered = this.#known?.buffered ?? 0;
    if (buffered <= 2 * bufferSize) return;
    throw new GatewayError(
      'GW_OVERFLOW',
      `${buffered} bytes wait for other cells by the backbone, such as ${nameWithCell(first)}, more than twice its buffer (${bufferSize}); after a send returned false, await drained() before more.`,
    );
  }

  /** Sends to all of them. @returns false when much waits */
  sendToAll(frame: Frame): boolean {
    if (this.gateways.length > 0) this.#way.sendToAll(received(frame));
    return !this.congested;
  }

  /** Sends to one of them. @returns false when much waits. @throws GW_LINK_CLOSED while it cannot be reached */
  send(gateway: KnownGateway, frame: Frame): boolean {
    if (!gateway.up) {
      throw new GatewayError(
        'GW_LINK_CLOSED',
        `The gateway ${nameWithCell(gateway)} cannot be reached: its node, the backbone or this process’s connection to that is down.`,
      );
    }
    this.check(frame);
    if ((frame.flags & Flag.REQUEST) !== 0) this.#asked.set(frame.clientIp, gateway);
    this.#way.send(received(frame));
    return !this.congested;
  }

  /** Waits for the last answers. */
  async close(): Promise<void> {
    const { clock, timeout } = this.#options;
    if (this.#asked.size === 0) return;
    await withinTime(clock, timeout, new Promise<void>((resolve) => (this.#onAnswered = resolve)));
  }

  receive({ clientIp: requestId, body }: ReceivedFrame): void {
    if (!this.#asked.delete(requestId)) return;
    if (body.length === 0) this.#options.onUnanswered(requestId);
    else this.#options.onReply(requestId, body);
    if (this.#asked.size === 0) this.#onAnswered();
  }

  cellsChanged(): void {
    for (const [requestId, { ip, port }] of this.#asked) {
      if (this.at(ip, port)?.up === true) continue;
      this.#asked.delete(requestId);
      this.#options.onUnanswered(requestId);
    }
    if (this.#asked.size === 0) this.#onAnswered();
    this.#options.onDrained();
  }

  /** The gauge, while there are any. */
  get #known(): LinkGauge | undefined {
    const shared = this.#way.gateways.at(0)?.gauge;
    if (!shared) return undefined;
    this.#gauge ??= new LinkGauge(shared);
    return this.#gauge;
  }
}

function received(frame: Frame): ReceivedFrame {
  return decodeFrame(encodeFrame(frame));
}
