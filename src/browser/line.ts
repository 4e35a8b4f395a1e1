import { Backoff } from '../base/backoff.js';
import type { Clock, Timer } from '../base/clock.js';
import { SUBPROTOCOL } from '../wire/subprotocol.js';
import { address } from './address.js';
import { decode } from './named-message.js';
import type { Address, ConnectOptions, End, Interruption, State } from './options.js';
import { OPEN, type Socket, type SocketClass } from './socket.js';

/** Milliseconds until an attempt is given up: the server's onHandshake alone may take ten seconds. */
const PATIENCE = 20_000;
/** Milliseconds after which a connection has lasted: when it is lost then, the next pause is a first one. */
const LASTING = 10_000;
const PAUSES = { first: 1000, last: 30_000, jitter: [0.5, 1.5] } as const;

/** Pages are told when there is a network again. Whatever else runs this may know of no such event. */
interface Surroundings {
  addEventListener?(type: 'online', listener: () => void): void;
  removeEventListener?(type: 'online', listener: () => void): void;
}
const surroundings = globalThis as Surroundings;

export type LineClock = Pick<Clock, 'now' | 'setTimeout'>;

/** What it is made of, so that a test can have others. */
export interface LineParts {
  readonly clock: LineClock;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly WebSocket: SocketClass;
}

/** Who is told. */
export interface LineHost {
  entered(state: State, end?: End | Interruption): void;
  received(data: string | ArrayBuffer): void;
  /** There is no url to connect to. */
  failed(error: unknown): void;
}

/** One websocket after another: each is dialled, greeted by the server, and lost. */
export class Line {
  readonly #url: Address | (() => Address | Promise<Address>);
  readonly #options: ConnectOptions;
  readonly #parts: LineParts;
  readonly #host: LineHost;
  readonly #backoff: Backoff;
  #state: State = 'closed';
  #id = '';
  #socket: Socket | undefined;
  #timer: Timer | undefined;
  #openedAt = Infinity;
  /** Counts them: what an earlier one still says is nobody's concern. */
  #attempt = 0;
  readonly #redial = (): void => void this.dial();

  constructor(
    url: Address | (() => Address | Promise<Address>),
    options: ConnectOptions,
    parts: LineParts,
    host: LineHost,
  ) {
    this.#url = url;
    this.#options = options;
    this.#parts = parts;
    this.#host = host;
    this.#backoff = new Backoff(PAUSES, parts.random);
  }

  get state(): State {
    return this.#state;
  }

  get id(): string {
    return this.#id;
  }

  /** What sends now; undefined while nothing does. */
  get socket(): Socket | undefined {
    // one that is being closed takes what it is given, and drops it
    return this.#state === 'open' && this.#socket?.readyState === OPEN ? this.#socket : undefined;
  }

  async dial(): Promise<void> {
    const attempt = this.#leave();
    const isOver = (): boolean => this.#attempt !== attempt;
    const { clock, WebSocket } = this.#parts;
    const late = { code: 1006, reason: `no greeting within ${PATIENCE / 1000} s` };
    this.#timer = clock.setTimeout(() => this.#lost(late), PATIENCE);
    this.#enter('connecting');
    let socket: Socket;
    try {
      const url = typeof this.#url === 'function' ? await this.#url() : this.#url;
      if (isOver()) return;
      socket = new WebSocket(address(url), [SUBPROTOCOL, ...(this.#options.protocols ?? [])]);
    } catch (error) {
      if (isOver()) return;
      this.#host.failed(error);
      this.#lost({ code: 1006, reason: String(error) });
      return;
    }
    this.#socket = socket;
    socket.binaryType = 'arraybuffer';
    socket.addEventListener('open', () => {
      const reason = `the server has chosen the subprotocol ${socket.protocol} instead of ${SUBPROTOCOL}`;
      if (!isOver() && socket.protocol !== SUBPROTOCOL) this.#finish({ code: 1000, reason });
    });
    socket.addEventListener('message', (event) => {
      if (isOver()) return;
      const data = event.data as string | ArrayBuffer;
      if (this.#state === 'open') this.#host.received(data);
      else this.#greeted(decode(data)?.hello?.id);
    });
    socket.addEventListener('close', ({ code, reason }) => {
      if (!isOver()) this.#lost({ code, reason });
    });
    // its close follows, and says all that a page may know
    socket.addEventListener('error', () => {});
  }

  /** @throws as the socket does for a code that it does not send */
  close(code: number, reason: string): void {
    this.#socket?.close(code, reason);
    if (this.#state !== 'closed') this.#finish({ code, reason });
  }

  #greeted(id = ''): void {
    this.#timer?.cancel();
    this.#id = id;
    this.#openedAt = this.#parts.clock.now();
    this.#enter('open');
  }

  #lost(end: End): void {
    const { clock } = this.#parts;
    const { again = isInterruption } = this.#options;
    if (!again(end)) {
      this.#finish(end);
      return;
    }
    if (clock.now() - this.#openedAt >= LASTING) this.#backoff.reset();
    this.#leave();
    const pause = this.#backoff.next();
    this.#timer = clock.setTimeout(this.#redial, pause);
    surroundings.addEventListener?.('online', this.#redial);
    this.#enter('waiting', { ...end, pause });
  }

  #finish(end: End): void {
    this.#leave();
    this.#backoff.reset();
    this.#enter('closed', end);
  }

  /** Lets go of everything. @returns the number of the attempt that comes next */
  #leave(): number {
    this.#timer?.cancel();
    surroundings.removeEventListener?.('online', this.#redial);
    this.#socket?.close();
    this.#socket = undefined;
    this.#openedAt = Infinity;
    return ++this.#attempt;
  }

  #enter(state: State, end?: End | Interruption): void {
    this.#state = state;
    this.#host.entered(state, end);
  }
}

/** The codes from 3000 on, and 1000 where nothing else is said, are what the server's code closes a client with. */
function isInterruption({ code }: End): boolean {
  return code !== 1000 && code < 3000;
}
