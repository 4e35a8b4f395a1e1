import type { Timer } from '../../base/clock.js';
import { LinkHeartbeat } from '../../link/link-heartbeat.js';
import type { TcpLink } from '../../link/tcp-link.js';
import { ipToNumber } from '../../wire/client-id.js';
import { Command, Flag, WorkerState } from '../../wire/command.js';
import { type ReceivedFrame, emptyFrame } from '../../wire/frame.js';
import { ENDED_FEATURE, NODE_FEATURE, encodeGatewayIntroduction } from '../../wire/worker-connect.js';
import { type InnerHost, type InnerRole, checkPhpFrame } from './inner-host.js';
import { WorkerPeer } from '../worker-peer.js';

/** Milliseconds that a superseded worker's link has to take what it was sent. */
const SUPERSEDED_TIMEOUT = 10_000;
const LOOPBACK = ipToNumber('127.0.0.1');
const STATES = WorkerState.READY | WorkerState.CONGESTED | WorkerState.LEAVING;

/** The workers that are linked up, by remote address and key: no two of one key. */
export type InnerWorkers = Map<string, InnerWorker>;

export interface InnerWorkerOptions {
  /** What it calls itself. */
  readonly name: string;
  /** By what it is told from all others. */
  readonly key: string;
  /** What it offered: without ours, it is a worker of PHP. */
  readonly features: readonly string[];
  /** Its node's, if it is one of ours. */
  readonly instance: string;
}

/** A worker of another node on the inner port: one of our slots, or a PHP BusinessWorker. */
export class InnerWorker implements InnerRole {
  readonly name: string;
  readonly instance: string;
  readonly #link: TcpLink;
  readonly #host: InnerHost;
  readonly #peer: WorkerPeer;
  readonly #key: string;
  readonly #workers: InnerWorkers;
  readonly #heartbeat: LinkHeartbeat | undefined;
  #superseded: Timer | undefined;

  /** @param workers where it enters itself; one of the same key is closed, as GatewayWorker does */
  constructor(
    link: TcpLink,
    host: InnerHost,
    { name, key, features, instance }: InnerWorkerOptions,
    workers: InnerWorkers,
  ) {
    this.name = name;
    this.instance = instance;
    this.#link = link;
    this.#host = host;
    this.#key = key;
    this.#workers = workers;
    const former = workers.get(key);
    if (former !== undefined) former.#supersede();
    workers.set(key, this);
    const legacy = !features.includes(NODE_FEATURE);
    // one of ours says when it is ready; a PHP worker is from the start
    const state = legacy ? WorkerState.READY : 0;
    const hearsEnds = features.includes(ENDED_FEATURE);
    this.#peer = new WorkerPeer(link, { name, address: link.name, local: false, legacy, hearsEnds, state });
    const { clock } = host;
    const interval = host.inner.pingInterval;
    if (!legacy) {
      link.takeFramesOf(host.inner.maxNodeFrameLength);
      this.#introduceGateway();
      this.#heartbeat = new LinkHeartbeat(link, { clock, interval, answered: true });
    } else if (host.inner.address.ip !== LOOPBACK) {
      this.#heartbeat = new LinkHeartbeat(link, { clock, interval, answered: false });
    }
    host.log.info({ worker: name, address: link.name, legacy }, 'a worker has linked up');
    host.join(this.#peer);
  }

  /** Sends something: if the far end is gone, that shows, unless nothing at all answers there any more. */
  ping(): void {
    if (this.#link.state === 'open') this.#link.send({ ...emptyFrame(), command: Command.PING });
  }

  frame(frame: ReceivedFrame): void {
    if (frame.command === Command.PING) return;
    try {
      if (this.#peer.legacy) checkPhpFrame(frame);
      if (frame.command === Command.WORKER_STATE) this.#stateChanged(frame.clientIp & STATES);
      else this.#host.command(this.#link, frame);
    } catch (error) {
      // the frame is skipped, and the link stays: it carries more clients than the one that this was about
      this.#host.innerRefused('command', this.#link.name, error as Error);
    }
  }

  drained(): void {
    this.#host.drained(this.#peer);
  }

  closed(error?: Error): void {
    this.#heartbeat?.close();
    this.#superseded?.cancel();
    if (this.#workers.get(this.#key) === this) this.#workers.delete(this.#key);
    const { name, address } = this.#peer;
    if (error === undefined) this.#host.log.info({ worker: name, address }, 'a worker has left');
    else this.#host.log.warn({ worker: name, address, err: error }, 'the link to a worker broke');
    this.#host.leave(this.#peer);
  }

  /** Another worker has come with the same key: this one gets nothing more. */
  #supersede(): void {
    const { name, address } = this.#peer;
    this.#host.log.warn(
      { worker: name, address },
      'a worker is closed, since another one of the same address and name has linked up',
    );
    void this.#link.close();
    // its far end may be gone without a word, which is why the worker came again
    this.#superseded = this.#host.clock.setTimeout(() => this.#link.destroy(), SUPERSEDED_TIMEOUT);
    this.#host.leave(this.#peer);
  }

  #introduceGateway(): void {
    const body = encodeGatewayIntroduction({ features: [NODE_FEATURE], node: this.#host.inner.node });
    this.#link.send({ ...emptyFrame(), command: Command.WORKER_CONNECT, flags: Flag.PLAIN_BODY, body });
  }

  #stateChanged(state: number): void {
    const leaves = (state & ~this.#peer.state & WorkerState.LEAVING) !== 0;
    this.#peer.state = state;
    // from here on the gateway holds its clients' events: this is the last that it gets of them
    if (leaves && this.#link.state === 'open') {
      this.#link.send({ ...emptyFrame(), command: Command.WORKER_STATE, clientIp: WorkerState.LEAVING });
    }
    this.#host.drained(this.#peer);
  }
}
