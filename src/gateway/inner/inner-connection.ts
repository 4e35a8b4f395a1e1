import type { Socket } from 'node:net';
import type { Timer } from '../../base/clock.js';
import { type ErrorCode, GatewayError } from '../../base/errors.js';
import { TcpLink } from '../../link/tcp-link.js';
import type { Stranger } from '../../net/strangers.js';
import { Command, Flag } from '../../wire/command.js';
import { type ReceivedFrame, emptyFrame } from '../../wire/frame.js';
import {
  NODE_FEATURE,
  type PeerIntroduction,
  encodeGatewayIntroduction,
  parseIntroduction,
} from '../../wire/worker-connect.js';
import { InnerClient } from './inner-client.js';
import type { InnerHost, InnerRole } from './inner-host.js';
import { InnerWorker, type InnerWorkers } from './inner-worker.js';
import { NodeWorker } from './node-worker.js';
import { PhpWorker } from './php-worker.js';
import { plainAddress } from '../../net/address.js';

/** Milliseconds for the first whole frame. */
const INTRODUCTION_TIMEOUT = 10_000;
/** Bytes that a peer may send before it is known, where it has to introduce itself. */
const MAX_INTRODUCTION = 64 * 1024;
/** Milliseconds of silence after which the operating system asks whether the far end is still there. */
const KEEP_ALIVE = 60_000;

/** Kinds of refusals, as they are counted. */
const KINDS: Partial<Record<string, string>> = {
  GW_AUTH: 'secret key',
  GW_TIMEOUT: 'no introduction',
  GW_FRAME: 'frame',
  GW_SERIALIZE: 'command',
  GW_SESSION: 'command',
} satisfies Partial<Record<ErrorCode, string>>;

/**
 * One connection on the inner port. Its first frame says whether a worker or a GatewayClient is at its far end. One of our
 * slots comes as a GatewayClient that offers what no GatewayClient does: it does not know yet that this is no PHP gateway.
 */
export class InnerConnection {
  readonly #link: TcpLink;
  readonly #socket: Socket;
  readonly #stranger: Stranger;
  readonly #remoteIp: string;
  readonly #host: InnerHost;
  readonly #workers: InnerWorkers;
  readonly #deadline: Timer;
  #role: InnerRole | undefined;
  /** It was told to go. */
  #refused = false;

  /** @param onClosed called once, when the connection is gone */
  constructor(
    socket: Socket,
    stranger: Stranger,
    host: InnerHost,
    workers: InnerWorkers,
    onClosed: () => void,
  ) {
    this.#socket = socket;
    this.#stranger = stranger;
    this.#remoteIp = plainAddress(socket.remoteAddress);
    this.#host = host;
    this.#workers = workers;
    this.#link = new TcpLink(socket.setKeepAlive(true, KEEP_ALIVE), {
      name: `${this.#remoteIp}:${socket.remotePort ?? 0}`,
      bufferSize: host.inner.bufferSize,
      maxFrameLength: host.inner.maxFrameLength,
    });
    this.#deadline = host.clock.setTimeout(() => this.#expire(), INTRODUCTION_TIMEOUT);
    this.#link.subscribe({
      frame: (frame) => {
        if (this.#refused) return;
        if (this.#role === undefined) this.#introduce(frame);
        else this.#role.frame(frame);
      },
      drained: () => this.#role?.drained(),
      closed: (error) => {
        this.#closed(error);
        onClosed();
      },
    });
    // after the link's own: it looks at what the link has not made a frame of
    socket.on('data', this.#checkLength);
  }

  /** Ends once what was sent has left. */
  close(): Promise<void> {
    const closed = this.#link.close();
    // a worker ends its side as well, after its last commands; a GatewayClient may keep its own open for ever
    if (!(this.#role instanceof InnerWorker)) this.#socket.destroySoon();
    return closed;
  }

  destroy(): void {
    this.#link.destroy();
  }

  readonly #checkLength = (): void => {
    if (this.#role !== undefined || this.#refused) return;
    this.#stranger.holds(this.#link.bytesRead);
    if (!this.#host.inner.guarded || this.#link.bytesRead <= MAX_INTRODUCTION) return;
    this.#link.destroy(
      new GatewayError(
        'GW_FRAME',
        `${this.#link.bytesRead} bytes came without an introduction; expected WORKER_CONNECT or GATEWAY_CLIENT_CONNECT within ${MAX_INTRODUCTION}.`,
      ),
    );
  };

  #introduce(frame: ReceivedFrame): void {
    this.#deadline.cancel();
    this.#socket.off('data', this.#checkLength);
    this.#stranger.introduced();
    const { command } = frame;
    if (command === Command.WORKER_CONNECT || command === Command.GATEWAY_CLIENT_CONNECT) {
      const introduction = parseIntroduction(frame.bodyText());
      if (command === Command.WORKER_CONNECT || introduction.features.includes(NODE_FEATURE)) {
        this.#role = this.#welcome(introduction);
        return;
      }
    }
    this.#role = new InnerClient(this.#link, this.#host);
    this.#role.frame(frame);
  }

  #welcome({ workerKey, secretKey, features, instance }: PeerIntroduction): InnerWorker | undefined {
    if (!this.#host.inner.secretKey.matches(secretKey)) {
      throw new GatewayError('GW_AUTH', 'A worker came with another secret key than cluster.secretKey.');
    }
    const refusal = instance === '' ? undefined : this.#nameTaken(workerKey, instance);
    if (refusal !== undefined) {
      this.#refuse(refusal);
      return undefined;
    }
    const worker = { name: workerKey, key: `${this.#remoteIp}:${workerKey}`, features, instance };
    const Role = features.includes(NODE_FEATURE) ? NodeWorker : PhpWorker;
    return new Role(this.#link, this.#host, worker, this.#workers);
  }

  /** Whether another node has this worker's name: the gateway's own, or one whose worker is linked up. */
  #nameTaken(workerKey: string, instance: string): string | undefined {
    const { node } = this.#host.inner;
    let holder =
      workerKey.slice(0, workerKey.lastIndexOf(':')) === node ? 'the node of this gateway' : undefined;
    for (const [key, worker] of this.#workers) {
      if (worker.name !== workerKey || worker.instance === instance) continue;
      holder = `a node at ${key.slice(0, key.indexOf(':'))}`;
      // perhaps the same one, before its machine went down: then this ends the old link, and the next attempt succeeds
      worker.ping();
    }
    if (holder === undefined) return undefined;
    return `the name of its worker ${workerKey} is taken by ${holder}. Give each node a name of its own in its configuration.`;
  }

  #refuse(refusal: string): void {
    this.#refused = true;
    const body = encodeGatewayIntroduction({
      features: [NODE_FEATURE],
      node: this.#host.inner.node,
      refusal,
    });
    this.#link.send({ ...emptyFrame(), command: Command.WORKER_CONNECT, flags: Flag.PLAIN_BODY, body });
    this.#host.innerRefused(
      'name',
      this.#link.name,
      new GatewayError('GW_CLUSTER', `A worker is refused: ${refusal}`),
    );
    this.#socket.destroySoon();
  }

  #expire(): void {
    this.#link.destroy(
      new GatewayError(
        'GW_TIMEOUT',
        `No whole frame came within ${INTRODUCTION_TIMEOUT / 1000} s; expected WORKER_CONNECT or GATEWAY_CLIENT_CONNECT.`,
      ),
    );
  }

  #closed(error?: Error): void {
    this.#deadline.cancel();
    if (error !== undefined) this.#count(error);
    this.#role?.closed(error);
  }

  #count(error: NodeJS.ErrnoException): void {
    // an error without any code is one that nobody foresaw in what the peer sent
    const kind = error.code === undefined ? 'command' : KINDS[error.code];
    // a code that is not listed is no refusal: the link broke
    if (kind !== undefined) this.#host.innerRefused(kind, this.#link.name, error);
  }
}
