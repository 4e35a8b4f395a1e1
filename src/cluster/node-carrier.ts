import type { Socket } from 'node:net';
import { type Clock, withinTime } from '../base/clock.js';
import { GatewayError } from '../base/errors.js';
import { Command, WorkerState, commandName, isEvent } from '../wire/command.js';
import { emptyFrame, MAX_FRAME_LENGTH, type ReceivedFrame } from '../wire/frame.js';
import type { CarrierOptions, CarrierOwner, GatewayCarrier, GatewayKind } from './gateway-carrier.js';
import { LinkHeartbeat } from '../link/link-heartbeat.js';
import { TcpLink } from '../link/tcp-link.js';

/** A gateway of one of our nodes. */
export const NODE_GATEWAY: GatewayKind = {
  php: false,
  carry: (socket, options) => new NodeCarrier(socket, options),
};

/** The connection to a gateway of one of our nodes: events, commands, queries and replies, all as frames. */
class NodeCarrier implements GatewayCarrier {
  readonly #tcp: TcpLink;
  readonly #clock: Clock;
  readonly #owner: CarrierOwner;
  readonly #heartbeat: LinkHeartbeat;
  readonly #stateFrame = { ...emptyFrame(), command: Command.WORKER_STATE };
  #onLeft: (() => void) | undefined;

  /** @param socket paused; what it has to read is read from now on */
  constructor(socket: Socket, { name, bufferSize, clock, pingInterval, owner }: CarrierOptions) {
    this.#clock = clock;
    this.#owner = owner;
    this.#tcp = new TcpLink(socket, { name, bufferSize, maxFrameLength: MAX_FRAME_LENGTH });
    this.#tcp.subscribe({
      frame: (frame) => this.#receive(frame),
      drained: () => owner.drained(),
      closed: (error) => this.#closed(error),
    });
    this.#heartbeat = new LinkHeartbeat(this.#tcp, { clock, interval: pingInterval, answered: true });
    this.#tcp.resume();
  }

  get bufferedBytes(): number {
    return this.#tcp.bufferedBytes;
  }

  get congested(): boolean {
    return this.#tcp.congested;
  }

  send(_frame: ReceivedFrame, bytes: Buffer): void {
    if (this.#tcp.state === 'open') this.#tcp.sendBytes(bytes);
  }

  showState(state: number): void {
    if (this.#tcp.state !== 'open') return;
    this.#stateFrame.clientIp = state;
    this.#tcp.send(this.#stateFrame);
  }

  async leave(state: number): Promise<void> {
    if (this.#tcp.state !== 'open') return;
    await new Promise<void>((resolve) => {
      this.#onLeft = resolve;
      this.showState(state | WorkerState.LEAVING);
    });
  }

  async close(timeout: number): Promise<void> {
    await withinTime(this.#clock, timeout, this.#tcp.close());
    this.#tcp.destroy();
  }

  destroy(error?: Error): void {
    this.#tcp.destroy(error);
  }

  #receive(frame: ReceivedFrame): void {
    if (isEvent(frame.command)) {
      this.#owner.event(frame);
      return;
    }
    switch (frame.command) {
      case Command.REPLY:
        // the handshake's own query has no number
        if (frame.clientIp !== 0) this.#owner.reply(frame);
        return;
      case Command.WORKER_STATE:
        if ((frame.clientIp & WorkerState.LEAVING) !== 0) this.#onLeft?.();
        return;
      case Command.INTEREST:
        this.#owner.interest(frame);
        return;
      case Command.PING:
        return;
      default:
        throw new GatewayError('GW_FRAME', `It sent ${commandName(frame.command)}, which no gateway sends.`);
    }
  }

  #closed(error: Error | undefined): void {
    this.#heartbeat.close();
    this.#onLeft?.();
    this.#owner.closed(error);
  }
}
