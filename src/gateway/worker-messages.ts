import type { LogOnce } from '../base/log-once.js';
import type { GatewayAddress } from '../wire/client-id.js';
import { Command, Flag } from '../wire/command.js';
import { type Frame, type ReceivedFrame, emptyFrame } from '../wire/frame.js';
import type { Counters } from './counters.js';
import type { WorkerPeer } from './worker-peer.js';
import type { RouteScope, Workers } from './workers.js';

export interface WorkerMessagesParts {
  /** The gateway's. */
  readonly address: GatewayAddress;
  readonly workers: Workers;
  readonly counters: Counters;
  readonly problems: LogOnce;
  /** Bytes of events after which a worker is behind. */
  readonly bufferSize: number;
}

/** Workers named in a message. */
const NAMED = 10;

/** What workers send one another: it comes on a worker's stream of events, and so is not lost with a thread of it. */
export class WorkerMessages {
  readonly #workers: Workers;
  readonly #counters: Counters;
  readonly #problems: LogOnce;
  readonly #bufferSize: number;
  readonly #event: Frame = emptyFrame();

  constructor({ address, workers, counters, problems, bufferSize }: WorkerMessagesParts) {
    this.#workers = workers;
    this.#counters = counters;
    this.#problems = problems;
    this.#bufferSize = bufferSize;
    this.#event.command = Command.ON_WORKER_MESSAGE;
    this.#event.localIp = address.ip;
    this.#event.localPort = address.port;
  }

  /** @param from the sender's name; '' when it is no worker */
  toOwner(key: string, scope: RouteScope, frame: ReceivedFrame, from: string): void {
    const owner = this.#workers.ownerOf(key, scope);
    if (owner !== undefined) {
      this.#send(owner, frame, from);
      return;
    }
    this.#drop(
      'nobody owns',
      { key, scope, from },
      `a message for the worker that owns the key ${JSON.stringify(key)} is dropped: no worker owns any. Expected one of ours that has been ready: a worker of PHP’s or of an older version owns none, nor does one that is still starting.`,
    );
  }

  /** @param from as in {@link toOwner} */
  toWorker(name: string, frame: ReceivedFrame, from: string): void {
    const known = this.#workers.reachable;
    const peer = known.find((one) => one.name === name);
    if (peer !== undefined) {
      this.#send(peer, frame, from);
      return;
    }
    const names = known.slice(0, NAMED).map((one) => one.name);
    this.#drop(
      'no such worker',
      { worker: name, from },
      `a message for the worker ${JSON.stringify(name)} is dropped: there is none of that name that takes messages. Expected one of ${names.join(', ') || 'none'}${known.length > NAMED ? ', …' : ''}: a worker that leaves takes none, nor does one of PHP’s or of an older version.`,
    );
  }

  #send(peer: WorkerPeer, frame: ReceivedFrame, from: string): void {
    const waiting = peer.waitingBytes(this.#bufferSize);
    if (waiting > this.#bufferSize * 2) {
      this.#drop(
        'worker is behind',
        { worker: peer.name, from, waiting },
        `a message for the worker ${peer.name} is dropped: ${waiting} bytes wait for it, more than twice sendToWorkerBufferSize (${this.#bufferSize}). Send it less, make its handlers quicker, or raise sendToWorkerBufferSize.`,
      );
      return;
    }
    const event = this.#event;
    event.flags = frame.flags & (Flag.PLAIN_BODY | Flag.BINARY);
    event.ext = from;
    event.body = frame.body;
    peer.link.send(event);
    peer.messageBytes += frame.length;
  }

  #drop(kind: string, fields: object, message: string): void {
    this.#counters.workerMessagesDropped++;
    this.#problems.warn(`worker message: ${kind}`, fields, message);
  }
}
