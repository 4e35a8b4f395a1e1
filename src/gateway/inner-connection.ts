import type { Socket } from 'node:net';
import type { Timer } from '../clock.js';
import { type ErrorCode, GatewayError } from '../errors.js';
import { TcpLink } from '../link/tcp-link.js';
import { Command } from '../wire/command.js';
import type { ReceivedFrame } from '../wire/frame.js';
import { type PeerIntroduction, parseIntroduction } from '../wire/worker-connect.js';
import { InnerClient } from './inner-client.js';
import type { InnerHost, InnerRole } from './inner-host.js';
import { InnerWorker } from './inner-worker.js';
import { plainAddress } from './protocols/address.js';

/** Milliseconds for the first whole frame. */
const INTRODUCTION_TIMEOUT = 10_000;
/** Bytes that a peer may send before it is known, where it has to introduce itself. */
const MAX_INTRODUCTION = 64 * 1024;
/** Milliseconds of silence after which the operating system asks whether the far end is still there. */
const KEEP_ALIVE = 60_000;

/** Kinds of refusals, as they are counted. What is not listed is no refusal but a link that broke. */
const KINDS: Partial<Record<ErrorCode, string>> = {
  GW_AUTH: 'secret key',
  GW_TIMEOUT: 'no introduction',
  GW_FRAME: 'frame',
  GW_SERIALIZE: 'command',
  GW_SESSION: 'command',
};

/** The workers that are linked up, by remote address and key. */
export type InnerWorkers = Map<string, InnerWorker>;

/** One connection on the inner port. Its first frame says whether a worker or a GatewayClient is at its far end. */
export class InnerConnection {
  readonly link: TcpLink;
  readonly #socket: Socket;
  readonly #remoteIp: string;
  readonly #host: InnerHost;
  readonly #workers: InnerWorkers;
  readonly #deadline: Timer;
  #role: InnerRole | undefined;

  /** @param onClosed called once, when the connection is gone */
  constructor(socket: Socket, host: InnerHost, workers: InnerWorkers, onClosed: () => void) {
    this.#socket = socket;
    this.#remoteIp = plainAddress(socket.remoteAddress ?? '');
    this.#host = host;
    this.#workers = workers;
    this.link = new TcpLink(socket.setKeepAlive(true, KEEP_ALIVE), {
      name: `${this.#remoteIp}:${socket.remotePort ?? 0}`,
      bufferSize: host.bufferSize,
      maxFrameLength: host.maxFrameLength,
    });
    this.#deadline = host.clock.setTimeout(() => this.#expire(), INTRODUCTION_TIMEOUT);
    this.link.listen({
      frame: (frame) => {
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
    if (host.guarded) socket.on('data', this.#checkLength);
  }

  readonly #checkLength = (): void => {
    if (this.#role !== undefined || this.link.bytesRead <= MAX_INTRODUCTION) return;
    this.link.destroy(
      new GatewayError(
        'GW_FRAME',
        `${this.link.bytesRead} bytes came without an introduction; expected WORKER_CONNECT or GATEWAY_CLIENT_CONNECT within ${MAX_INTRODUCTION}.`,
      ),
    );
  };

  #introduce(frame: ReceivedFrame): void {
    this.#deadline.cancel();
    this.#socket.off('data', this.#checkLength);
    if (frame.command === Command.WORKER_CONNECT) {
      this.#role = this.#welcome(parseIntroduction(frame.bodyText()));
    } else {
      this.#role = new InnerClient(this.link, this.#host);
      this.#role.frame(frame);
    }
  }

  #welcome({ workerKey, secretKey, features }: PeerIntroduction): InnerWorker {
    if (!this.#host.secretKey.matches(secretKey)) {
      throw new GatewayError('GW_AUTH', 'A worker came with another secret key than cluster.secretKey.');
    }
    const key = `${this.#remoteIp}:${workerKey}`;
    this.#workers.get(key)?.supersede();
    const worker = new InnerWorker(this.link, this.#host, workerKey, features);
    this.#workers.set(key, worker);
    this.#forget = () => {
      if (this.#workers.get(key) === worker) this.#workers.delete(key);
    };
    return worker;
  }

  /** Takes the worker, if there is one, off the list. */
  #forget = (): void => {};

  #expire(): void {
    this.link.destroy(
      new GatewayError(
        'GW_TIMEOUT',
        `No whole frame came within ${INTRODUCTION_TIMEOUT / 1000} s; expected WORKER_CONNECT or GATEWAY_CLIENT_CONNECT.`,
      ),
    );
  }

  #closed(error?: Error): void {
    this.#deadline.cancel();
    this.#forget();
    const kind = error instanceof GatewayError ? KINDS[error.code] : undefined;
    if (kind !== undefined) this.#host.innerRefused(kind, this.link.name, error as Error);
    this.#role?.closed(error);
  }
}
