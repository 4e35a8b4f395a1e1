import { GatewayError } from './gateway-error.js';
import { Line, type LineHost, type LineParts } from './line.js';
import { type Incoming, decode, encode } from './named-message.js';
import type { Address, ConnectOptions, End, Interruption, RequestOptions, State } from './options.js';
import { Requests, type Waiting } from './requests.js';

/** @param end beside `waiting` and `closed`: what has led to it */
export type StateListener = (state: State, end?: End & Partial<Interruption>) => unknown;

/** What goes over a line: messages with names, both ways. */
export class Connection implements LineHost {
  readonly #options: ConnectOptions;
  readonly #line: Line;
  readonly #requests: Requests;
  /** In order. */
  readonly #queue = new Set<Waiting>();
  readonly #listeners = new Map<string, Set<(data: never) => unknown>>();
  readonly #onState = new Set<StateListener>();
  readonly #onMessage = new Set<(message: string | Uint8Array) => unknown>();
  readonly #onError = new Set<(error: Error) => unknown>();

  constructor(url: Address | (() => Address | Promise<Address>), options: ConnectOptions, parts: LineParts) {
    this.#options = options;
    this.#requests = new Requests(parts.clock);
    this.#line = new Line(url, options, parts, this);
    this.reconnect();
  }

  get state(): State {
    return this.#line.state;
  }

  get id(): string {
    return this.#line.id;
  }

  emit(event: string, data?: unknown): void {
    this.#send(encode({ event, data }));
  }

  async request(event: string, data?: unknown, options: RequestOptions = {}): Promise<unknown> {
    const { timeout = this.#options.timeout ?? 10_000 } = options;
    return await this.#requests.add(event, timeout, {
      send: (id) => this.#send(encode({ id, event, data })),
      forget: (waiting) => void this.#queue.delete(waiting),
    });
  }

  on(event: string, listener: (data: never) => unknown): () => void {
    let listeners = this.#listeners.get(event);
    if (listeners === undefined) this.#listeners.set(event, (listeners = new Set()));
    return add(listeners, listener);
  }

  onState(listener: StateListener): () => void {
    return add(this.#onState, listener);
  }

  onMessage(listener: (message: string | Uint8Array) => unknown): () => void {
    return add(this.#onMessage, listener);
  }

  onError(listener: (error: Error) => unknown): () => void {
    return add(this.#onError, listener);
  }

  reconnect(): void {
    if (this.state === 'waiting' || this.state === 'closed') void this.#line.dial();
  }

  close(code = 1000, reason = ''): void {
    this.#line.close(code, reason);
  }

  // ---- what the line reports ----

  entered(state: State, end?: End | Interruption): void {
    if (state === 'closed') {
      this.#queue.clear();
      this.#requests.lose('the connection is closed', () => true);
    } else if (state === 'waiting') {
      const isSent = (waiting?: Waiting): boolean => waiting === undefined || !this.#queue.has(waiting);
      this.#requests.lose('the connection was lost, and nobody knows how far it had come', isSent);
    }
    for (const listener of this.#onState) {
      // an earlier one has led to another state, of which all have been told
      if (this.state !== state) return;
      this.#call(listener, state, end);
    }
    if (state === 'open') this.#flush();
  }

  received(data: string | ArrayBuffer): void {
    const message = decode(data) ?? {};
    const { event, id, error } = message;
    if (typeof event === 'string') {
      this.#hear(event, message);
    } else if (id === undefined && typeof error?.code === 'string') {
      this.#report(new GatewayError(error.code, error.message, error));
    } else if (!this.#requests.settle(message)) {
      const raw = typeof data === 'string' ? data : new Uint8Array(data);
      for (const listener of this.#onMessage) this.#call(listener, raw);
    }
  }

  failed(error: unknown): void {
    this.#report(error);
  }

  // ---- what goes out ----

  /** @returns undefined where it need not wait */
  #send(message: string | ArrayBuffer): Waiting | undefined {
    const { queue = 1000 } = this.#options;
    const { socket } = this.#line;
    if (socket !== undefined) {
      socket.send(message);
      return undefined;
    }
    if (this.state === 'closed') {
      throw new GatewayError('GW_LINK_CLOSED', 'The connection is closed: reconnect() opens it again.');
    }
    if (this.#queue.size >= queue) {
      const found = `${queue} messages wait for a connection, which is as many as may (queue)`;
      throw new GatewayError(
        'GW_OVERFLOW',
        `${found}. What is soon out of date is sent only while the state is open.`,
      );
    }
    const waiting = { message };
    this.#queue.add(waiting);
    return waiting;
  }

  #flush(): void {
    for (const waiting of this.#queue) {
      const { socket } = this.#line;
      if (socket === undefined) return;
      this.#queue.delete(waiting);
      socket.send(waiting.message);
    }
  }

  // ---- what comes in ----

  #hear(event: string, { id, data }: Incoming): void {
    const { socket } = this.#line;
    const listeners = [...(this.#listeners.get(event) ?? [])];
    const results = listeners.map((listener) => this.#call(listener, data as never));
    if (id === undefined || socket === undefined) return;
    const missing = new GatewayError('GW_MESSAGE', `Nothing listens for ${event} here.`);
    const result =
      listeners.length === 0 ? Promise.reject(missing) : results.find((one) => one !== undefined);
    void this.#answer(id, result).then((answer) => {
      // whoever has asked is no more when the connection is another one
      if (this.#line.socket === socket) socket.send(answer);
    });
  }

  async #answer(id: number, result: unknown): Promise<string | ArrayBuffer> {
    let data: unknown;
    try {
      data = await result;
    } catch (error) {
      return encode({ id, error: refusalBy(error) });
    }
    try {
      return encode({ id, data });
    } catch (error) {
      // that its data cannot be sent is this end's own
      this.#report(error);
      return encode({ id, error: FAILED });
    }
  }

  /** Calls a listener: one that fails keeps nothing from the others. */
  #call<Arguments extends unknown[]>(listener: (...args: Arguments) => unknown, ...args: Arguments): unknown {
    let result: unknown;
    try {
      result = listener(...args);
    } catch (error) {
      result = Promise.reject(error);
    }
    if (result instanceof Promise) result.catch((error: unknown) => this.#report(error));
    return result;
  }

  #report(cause: unknown): void {
    const error = cause instanceof Error ? cause : new Error(String(cause));
    if (this.#onError.size === 0) console.error(error);
    for (const listener of this.#onError) {
      try {
        listener(error);
      } catch (another) {
        console.error(another);
      }
    }
  }
}

const FAILED = { code: 'GW_HANDLER', message: 'The listener failed.' };

/** What the server is told: not what somebody wrote for whoever reads this page's console. */
function refusalBy(error: unknown): { code: string; message: string } {
  const { name, code, message } = error as GatewayError;
  // by its name: there may be two copies of this file
  return name === 'GatewayError' ? { code, message } : FAILED;
}

/** @returns takes it away */
function add<Listener>(listeners: Set<Listener>, listener: Listener): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}
