import { GatewayError } from '../../base/errors.js';
import type { TcpLink } from '../../link/tcp-link.js';
import { Queue } from '../../base/queue.js';
import { Command, commandName } from '../../wire/command.js';
import { type ReceivedFrame, decodeFrame } from '../../wire/frame.js';
import { parseIntroduction } from '../../wire/worker-connect.js';
import type { InnerHost, InnerRole } from './inner-host.js';
import { PhpAsker } from './php-asker.js';
import { checkPhpFrame } from './php-peer.js';

/** Commands of ours that a GatewayClient of ours sends as well. */
const OURS: ReadonlySet<number> = new Set([
  Command.EXCLUSIVE_UID,
  Command.ROUTE_CLIENT,
  Command.SEND_TO_WORKER,
]);

/**
 * A GatewayClient on the inner port: it sends commands and queries, as many as it likes at once, and is answered in
 * order. One that does not read its replies is not read any further.
 */
export class InnerClient implements InnerRole {
  readonly #link: TcpLink;
  readonly #host: InnerHost;
  readonly #asker: PhpAsker;
  #authorized: boolean;
  /** What had been read when its replies began to back up: at most what one read of the socket gives. */
  readonly #queued = new Queue<Buffer>();

  constructor(link: TcpLink, host: InnerHost) {
    this.#link = link;
    this.#host = host;
    this.#asker = new PhpAsker(link, host.inner.address);
    this.#authorized = !host.inner.guarded;
    // without a key everybody belongs here
    if (this.#authorized) link.takeFramesOf(host.inner.maxNodeFrameLength);
  }

  frame(frame: ReceivedFrame): void {
    if (this.#link.congested || this.#queued.length > 0) {
      this.#queued.push(frame.copy());
      return;
    }
    this.#command(frame);
    if (this.#link.congested) this.#link.pause();
  }

  drained(): void {
    for (let bytes = this.#queued.shift(); bytes !== undefined; bytes = this.#queued.shift()) {
      try {
        this.#command(decodeFrame(bytes));
      } catch (error) {
        this.#queued.clear();
        this.#link.destroy(error as Error);
        return;
      }
      if (this.#link.congested) return;
    }
    this.#link.resume();
  }

  closed(): void {
    this.#queued.clear();
  }

  #command(frame: ReceivedFrame): void {
    // GatewayWorker's clients say the key again before every command
    if (frame.command === Command.GATEWAY_CLIENT_CONNECT) {
      if (!this.#host.inner.secretKey.matches(parseIntroduction(frame.bodyText()).secretKey)) {
        throw new GatewayError(
          'GW_AUTH',
          'A GatewayClient came with another secret key than cluster.secretKey.',
        );
      }
      this.#authorized = true;
      this.#link.takeFramesOf(this.#host.inner.maxNodeFrameLength);
    } else if (!this.#authorized) {
      throw new GatewayError(
        'GW_AUTH',
        `${commandName(frame.command)} came from a peer that has not said the secret key; expected WORKER_CONNECT or GATEWAY_CLIENT_CONNECT first.`,
      );
    } else if (frame.command !== Command.PING) {
      this.#carryOut(frame);
    }
  }

  /** What cannot be carried out is skipped: a web site's worker sends what all its requests have to say over one connection. */
  #carryOut(frame: ReceivedFrame): void {
    try {
      if (!OURS.has(frame.command)) checkPhpFrame(frame);
      this.#host.desk.carryOut(this.#asker, frame);
    } catch (error) {
      this.#host.innerRefused('command', this.#link.name, error as Error);
    }
  }
}
