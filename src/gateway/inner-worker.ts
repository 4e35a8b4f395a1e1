import type { Timer } from '../clock.js';
import { GatewayError } from '../errors.js';
import { LinkHeartbeat } from '../link/link-heartbeat.js';
import type { TcpLink } from '../link/tcp-link.js';
import { ipToNumber } from '../wire/client-id.js';
import { Command, Flag, WorkerState, commandName } from '../wire/command.js';
import { type ReceivedFrame, emptyFrame } from '../wire/frame.js';
import { NODE_FEATURE, encodeGatewayIntroduction } from '../wire/worker-connect.js';
import type { InnerHost, InnerRole } from './inner-host.js';
import { WorkerPeer } from './worker-peer.js';

/** Milliseconds that a superseded worker's link has to take what it was sent. */
const SUPERSEDED_TIMEOUT = 10_000;
const LOOPBACK = ipToNumber('127.0.0.1');
const STATES = WorkerState.READY | WorkerState.CONGESTED | WorkerState.LEAVING;

/** A worker of another node on the inner port: one of our slots, or a PHP BusinessWorker. */
export class InnerWorker implements InnerRole {
  readonly peer: WorkerPeer;
  readonly #link: TcpLink;
  readonly #host: InnerHost;
  readonly #heartbeat: LinkHeartbeat | undefined;
  #superseded: Timer | undefined;

  /**
   * @param name what it calls itself
   * @param features what it offered: without ours, it is a legacy worker
   */
  constructor(link: TcpLink, host: InnerHost, name: string, features: readonly string[]) {
    this.#link = link;
    this.#host = host;
    const legacy = !features.includes(NODE_FEATURE);
    // one of ours says when it is ready; a PHP worker is from the start
    const state = legacy ? WorkerState.READY : 0;
    this.peer = new WorkerPeer(link, { name, address: link.name, local: false, legacy, state });
    const { clock, pingInterval: interval } = host;
    if (!legacy) {
      this.#introduceGateway();
      this.#heartbeat = new LinkHeartbeat(link, { clock, interval, answered: true });
    } else if (host.address.ip !== LOOPBACK) {
      this.#heartbeat = new LinkHeartbeat(link, { clock, interval, answered: false });
    }
    host.log.info({ worker: name, address: link.name, legacy }, 'a worker has linked up');
    host.join(this.peer);
  }

  /** Another worker has come with the same key: this one gets nothing more. */
  supersede(): void {
    const { name, address } = this.peer;
    this.#host.log.warn(
      { worker: name, address },
      'a worker is closed, since another one of the same address and name has linked up',
    );
    this.#host.leave(this.peer);
    void this.#link.close();
    this.#superseded = this.#host.clock.setTimeout(() => this.#link.destroy(), SUPERSEDED_TIMEOUT);
  }

  frame(frame: ReceivedFrame): void {
    if (frame.command === Command.PING) return;
    try {
      if (this.peer.legacy && frame.command >= Command.REPLY) throw unknownCommand(frame);
      if (frame.command === Command.WORKER_STATE) this.#stateChanged(frame.clientIp & STATES);
      else this.#host.command(this.#link, frame);
    } catch (error) {
      // the frame is skipped, and the link stays: it carries more clients than the one that this was about
      this.#host.innerRefused('command', this.#link.name, error as Error);
    }
  }

  drained(): void {
    this.#host.drained(this.peer);
  }

  closed(error?: Error): void {
    this.#heartbeat?.close();
    this.#superseded?.cancel();
    const { name, address } = this.peer;
    if (error === undefined) this.#host.log.info({ worker: name, address }, 'a worker has left');
    else this.#host.log.warn({ worker: name, address, err: error }, 'the link to a worker broke');
    this.#host.leave(this.peer);
  }

  #introduceGateway(): void {
    const body = encodeGatewayIntroduction({ features: [NODE_FEATURE], node: this.#host.node });
    this.#link.send({ ...emptyFrame(), command: Command.WORKER_CONNECT, flags: Flag.PLAIN_BODY, body });
  }

  #stateChanged(state: number): void {
    const leaves = (state & ~this.peer.state & WorkerState.LEAVING) !== 0;
    this.peer.state = state;
    // from here on the gateway holds its clients' events: this is the last that it gets of them
    if (leaves && this.#link.state === 'open') {
      this.#link.send({ ...emptyFrame(), command: Command.WORKER_STATE, clientIp: WorkerState.LEAVING });
    }
    this.#host.drained(this.peer);
  }
}

function unknownCommand(frame: ReceivedFrame): GatewayError {
  return new GatewayError(
    'GW_FRAME',
    `${commandName(frame.command)} came from a worker that did not offer it.`,
  );
}
