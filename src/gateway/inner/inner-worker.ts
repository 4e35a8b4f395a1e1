import type { Timer } from '../../base/clock.js';
import type { LinkHeartbeat } from '../../link/link-heartbeat.js';
import type { TcpLink } from '../../link/tcp-link.js';
import { Command } from '../../wire/command.js';
import { type ReceivedFrame, emptyFrame } from '../../wire/frame.js';
import type { WorkerPeer } from '../worker-peer.js';
import type { InnerHost, InnerRole } from './inner-host.js';
import { PhpAsker } from './php-asker.js';

/** Milliseconds that a superseded worker's link has to take what it was sent. */
const SUPERSEDED_TIMEOUT = 10_000;

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

/** A worker of another node on the inner port: {@link NodeWorker} or {@link PhpWorker}. */
export abstract class InnerWorker implements InnerRole {
  readonly name: string;
  readonly instance: string;
  protected readonly link: TcpLink;
  protected readonly host: InnerHost;
  protected readonly peer: WorkerPeer;
  protected readonly asker: PhpAsker;
  protected heartbeat: LinkHeartbeat | undefined;
  readonly #key: string;
  readonly #workers: InnerWorkers;
  #superseded: Timer | undefined;

  /** @param workers where it enters itself; one of the same key is closed, as GatewayWorker does */
  constructor(
    link: TcpLink,
    host: InnerHost,
    peer: WorkerPeer,
    { name, key, instance }: InnerWorkerOptions,
    workers: InnerWorkers,
  ) {
    this.name = name;
    this.instance = instance;
    this.link = link;
    this.host = host;
    this.peer = peer;
    this.asker = new PhpAsker(link, host.inner.address, peer);
    this.#key = key;
    this.#workers = workers;
    const former = workers.get(key);
    if (former !== undefined) former.#supersede();
    workers.set(key, this);
  }

  abstract frame(frame: ReceivedFrame): void;

  /** Sends something: if the far end is gone, that shows, unless nothing at all answers there any more. */
  ping(): void {
    if (this.link.state === 'open') this.link.send({ ...emptyFrame(), command: Command.PING });
  }

  drained(): void {
    this.host.dispatcher.drained(this.peer);
  }

  closed(error?: Error): void {
    this.heartbeat?.close();
    this.#superseded?.cancel();
    if (this.#workers.get(this.#key) === this) this.#workers.delete(this.#key);
    const { name, address } = this.peer;
    if (error === undefined) this.host.log.info({ worker: name, address }, 'a worker has left');
    else this.host.log.warn({ worker: name, address, err: error }, 'the link to a worker broke');
    this.host.dispatcher.remove(this.peer);
  }

  /** From now on it may be sent events. */
  protected join(): void {
    const { name, address, legacy } = this.peer;
    this.host.log.info({ worker: name, address, legacy }, 'a worker has linked up');
    this.host.dispatcher.add(this.peer);
  }

  /** A frame is skipped, and the link stays: it carries more clients than the one that this was about. */
  protected skipped(error: Error): void {
    this.host.innerRefused('command', this.link.name, error);
  }

  /** Another worker has come with the same key: this one gets nothing more. */
  #supersede(): void {
    const { name, address } = this.peer;
    this.host.log.warn(
      { worker: name, address },
      'a worker is closed, since another one of the same address and name has linked up',
    );
    void this.link.close();
    // its far end may be gone without a word, which is why the worker came again
    this.#superseded = this.host.clock.setTimeout(() => this.link.destroy(), SUPERSEDED_TIMEOUT);
    this.host.dispatcher.remove(this.peer);
  }
}
