import type { Clock, Timer } from '../base/clock.js';
import { GatewayError } from '../base/errors.js';
import { Command, Flag } from '../wire/command.js';
import { emptyFrame } from '../wire/frame.js';
import type { TcpLink } from './tcp-link.js';

/** Pings that may stay without any sign of life before the far end counts as gone. */
const SILENT_PINGS = 2;

export interface LinkHeartbeatOptions {
  readonly clock: Clock;
  /** Milliseconds between two pings. */
  readonly interval: number;
  /** Whether the far end pings as well, and so may not be silent: our own nodes do, PHP's workers do not. */
  readonly answered: boolean;
}

/**
 * Keeps a link between machines alive, and ends it when the far end has been silent for too long: a cut cable or a machine
 * that lost its power closes no connection. Ends with the link.
 */
export class LinkHeartbeat {
  readonly #link: TcpLink;
  readonly #options: LinkHeartbeatOptions;
  // the flag is what PHP's gateways send
  readonly #ping = { ...emptyFrame(), command: Command.PING, flags: Flag.PLAIN_BODY };
  #timer: Timer;
  #received = 0;
  #silent = 0;

  constructor(link: TcpLink, options: LinkHeartbeatOptions) {
    this.#link = link;
    this.#options = options;
    this.#timer = this.#next();
  }

  close(): void {
    this.#timer.cancel();
  }

  #next(): Timer {
    return this.#options.clock.setTimeout(() => this.#beat(), this.#options.interval);
  }

  #beat(): void {
    const link = this.#link;
    if (link.state !== 'open') return;
    this.#silent = link.bytesRead === this.#received ? this.#silent + 1 : 0;
    this.#received = link.bytesRead;
    if (this.#options.answered && this.#silent > SILENT_PINGS && !link.paused) {
      const seconds = (this.#silent * this.#options.interval) / 1000;
      link.destroy(new GatewayError('GW_LINK_CLOSED', `${link.name} has been silent for ${seconds} s.`));
      return;
    }
    link.send(this.#ping);
    this.#timer = this.#next();
  }
}
