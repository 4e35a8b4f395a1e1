import { GatewayError } from '../base/errors.js';
import type { Frame } from '../wire/frame.js';
import type { Link, LinkSubscriber, LinkState } from './link.js';

/** The state table of link.ts, once for every carrier. */
export abstract class BaseLink implements Link {
  readonly name: string;
  #state: LinkState = 'open';
  #subscriber: LinkSubscriber | undefined;
  #closed: Promise<void> | undefined;
  #resolveClosed: (() => void) | undefined;

  constructor(name: string) {
    this.name = name;
  }

  abstract readonly bufferedBytes: number;
  abstract readonly congested: boolean;

  /** A carrier that does not tell the two apart is full when it is congested. */
  get full(): boolean {
    return this.congested;
  }

  get ready(): boolean {
    return this.#state === 'open';
  }

  get handshakes(): boolean {
    return false;
  }

  get requests(): boolean {
    return false;
  }

  get state(): LinkState {
    return this.#state;
  }

  subscribe(subscriber: LinkSubscriber): void {
    this.#subscriber = subscriber;
    this.start();
  }

  send(frame: Frame): boolean {
    if (this.#state !== 'open') {
      throw new GatewayError(
        'GW_LINK_CLOSED',
        `The link to ${this.name} is ${this.#state}; nothing more can be sent.`,
      );
    }
    return this.transmit(frame);
  }

  close(): Promise<void> {
    if (this.#state === 'closed') return Promise.resolve();
    if (this.#closed === undefined) {
      this.#state = 'closing';
      this.#closed = new Promise((resolve) => {
        this.#resolveClosed = resolve;
      });
      this.finish();
    }
    return this.#closed;
  }

  destroy(error?: Error): void {
    if (this.#state === 'closed') return;
    this.abandon(error);
    this.ended(error);
  }

  /** The subscriber; present from the first frame on. */
  protected get subscriber(): LinkSubscriber {
    return this.#subscriber as LinkSubscriber;
  }

  protected get subscribed(): boolean {
    return this.#subscriber !== undefined;
  }

  /** Enters closed, once. */
  protected ended(error?: Error): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#resolveClosed?.();
    this.#subscriber?.closed(error);
  }

  /** Begins to deliver frames. */
  protected abstract start(): void;
  /** Sends one frame on an open link. */
  protected abstract transmit(frame: Frame): boolean;
  /** Lets out what was accepted, then calls {@link ended}. */
  protected abstract finish(): void;
  /** Gives the carrier up at once. */
  protected abstract abandon(error?: Error): void;
}
