import type { ClientChange, Transport } from '../api/transport.js';
import { GatewayError } from '../errors.js';
import type { ThreadLink } from '../link/thread-link.js';
import { Queue } from '../queue.js';
import { type GatewayAddress, numberToIp } from '../wire/client-id.js';
import { Flag } from '../wire/command.js';
import type { Frame } from '../wire/frame.js';
import type { BusinessWorker } from './business-worker.js';

/** A request id's low 24 bits count; the high byte tells whose reply it is (link/slot-link.ts). */
const COUNT_MASK = 0xff_ffff;

/** The Gateway API's way out of a worker thread: the slot's ring link. */
export class ThreadTransport implements Transport {
  /** Set once the handlers run; before that, no client is handled and none changes. */
  worker: BusinessWorker | undefined;
  readonly #link: ThreadLink;
  readonly #gateways: readonly GatewayAddress[];
  readonly #bufferLimit: number;
  readonly #generation: number;
  #lastRequest = 0;
  /** Handlers that wait for room, in the order in which they began to. */
  readonly #waiting = new Queue<() => void>();
  readonly #wakeNext = (): void => this.linkDrained();

  /** @param bufferSize bytes that may wait before a send returns false; beyond twice as many it throws */
  constructor(
    link: ThreadLink,
    options: { gateways: readonly GatewayAddress[]; bufferSize: number; generation: number },
  ) {
    this.#link = link;
    this.#gateways = options.gateways;
    this.#bufferLimit = options.bufferSize * 2;
    this.#generation = options.generation;
  }

  gateways(): readonly GatewayAddress[] {
    return this.#gateways;
  }

  send(frame: Frame): boolean {
    // without an address it is for every gateway
    if (frame.localIp !== 0 && !this.#gateways.some((gateway) => isAt(gateway, frame))) {
      throw new GatewayError(
        'GW_LINK_CLOSED',
        `There is no link to the gateway ${numberToIp(frame.localIp)}:${frame.localPort}, which the client id names; this worker is linked to ${this.#gateways.map(({ ip, port }) => `${numberToIp(ip)}:${port}`).join(', ')}.`,
      );
    }
    this.#checkRoom();
    return this.#link.send(frame);
  }

  async drained(): Promise<void> {
    if (this.#link.congested) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** The link has room again. Those that wait go on one after another, since the first few may fill it. */
  linkDrained(): void {
    if (this.#link.congested || this.#waiting.length === 0) return;
    this.#waiting.shift()?.();
    setImmediate(this.#wakeNext);
  }

  nextRequestId(): number {
    this.#lastRequest = (this.#lastRequest + 1) & COUNT_MASK;
    return ((this.#generation << 24) | this.#lastRequest) >>> 0;
  }

  flushSession(): void {
    this.worker?.flushSession();
  }

  changing(clientId: string, change: ClientChange): number {
    const client = this.worker?.find(clientId);
    if (client === undefined) return 0;
    // the view counts on the change being sent, so what would refuse it has to do so first
    this.#checkRoom();
    // what the handler changed before this call comes before it
    if (change.kind === 'update') this.worker?.flushSession();
    client.view.change(change);
    return Flag.COUNTED;
  }

  #checkRoom(): void {
    if (!this.#link.congested || this.#link.bufferedBytes <= this.#bufferLimit) return;
    throw new GatewayError(
      'GW_OVERFLOW',
      `${this.#link.bufferedBytes} bytes wait for the gateway, more than twice sendToGatewayBufferSize (${this.#bufferLimit / 2}); after a send returned false, await Gateway.drained() before more.`,
    );
  }
}

function isAt({ ip, port }: GatewayAddress, frame: Frame): boolean {
  return frame.localIp === ip && frame.localPort === port;
}
