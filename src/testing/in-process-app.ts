import { type Name, checkName } from '../api/arguments.js';
import { Gateway } from '../api/gateway-calls.js';
import { GatewayError } from '../base/errors.js';
import type { ClientRecord } from '../gateway/client-record.js';
import type { Gateway as ClientGateway } from '../gateway/gateway.js';
import { ListenerContext } from '../gateway/protocols/listener-context.js';
import type { HandshakeRequest } from '../gateway/protocols/protocol.js';
import type { Pool } from '../pool/pool.js';
import type { AppLog } from './app-log.js';
import type { InProcessThreads } from './in-process-thread.js';
import { keepAlive } from './keep-alive.js';
import { metricValue } from './metric-value.js';
import type { ManualClock } from './manual-clock.js';
import type { SentMessages } from './sent-messages.js';
import { type ClientHostParts, InProcessClient } from './in-process-client.js';
import type { ConnectOptions, LogLine, Receivers, RequestOptions, TestApp } from './test-app.js';
import type { TestClient, TestMessage } from './test-client.js';
import { TestArrival } from './test-arrival.js';
import { TestConnection } from './test-connection.js';
import { TestExchange } from './test-exchange.js';

/** Milliseconds of the application's time after which a handler that is pending is given up at the end. */
const LAST_STEP = 1000;
/** Milliseconds of the machine's clock in which as much passes for the application, at the end. */
const PASSING = 50;

interface AppParts {
  readonly gateway: ClientGateway;
  readonly pool: Pool;
  readonly threads: InProcessThreads;
  readonly sent: SentMessages;
  readonly clock: ManualClock;
  readonly log: AppLog;
  readonly patience: number;
  /** Milliseconds of the application's time that a reload may take. */
  readonly stopTimeout: number;
  /** Whatever else ends with it. */
  readonly onClose: () => Promise<void>;
}

/** The real gateway and the real workers, with connections and threads that are none. */
export class InProcessApp implements TestApp {
  readonly clock: ManualClock;
  readonly #parts: AppParts;
  readonly #listener: ListenerContext;
  readonly #clients = new Map<string, TestClient>();
  #lastPort = 40_000;
  #closed: Promise<void> | undefined;

  constructor(parts: AppParts) {
    this.#parts = parts;
    this.clock = parts.clock;
    const options = { url: 'ws://127.0.0.1:0', maxPackageSize: Infinity, udpIdleTimeout: 0 };
    this.#listener = new ListenerContext(options, parts.gateway.clients);
  }

  get log(): readonly LogLine[] {
    return this.#parts.log.lines;
  }

  get clients(): readonly TestClient[] {
    return [...this.#clients.values()].filter(({ open }) => open);
  }

  async connect(options: ConnectOptions = {}): Promise<TestClient> {
    const { websocket = true, remoteAddress: address = '127.0.0.1', uid, session, groups = [] } = options;
    const from = { address, port: ++this.#lastPort };
    const { clients } = this.#parts.gateway;
    const client =
      websocket && clients.asks
        ? await this.#ask(options, from)
        : this.#client((owner) => {
            const connection = new TestConnection(this.#listener, owner, from);
            clients.opened(connection, websocket ? handshake(options) : undefined);
            return connection;
          });
    this.#clients.set(client.id, client);
    await this.settled();
    if (uid !== undefined) Gateway.bindUid(client.id, uid);
    if (session !== undefined) Gateway.setSession(client.id, session);
    for (const group of groups) Gateway.joinGroup(client.id, group);
    if (uid !== undefined || session !== undefined || groups.length > 0) await this.settled();
    return client;
  }

  #client(open: ClientHostParts['open']): InProcessClient {
    const { gateway, log, patience } = this.#parts;
    const idOf = (record: ClientRecord): string => gateway.clientIdOf(record);
    return new InProcessClient({ open, patience, idOf, explain: () => log.lastProblem });
  }

  /** Asks `onHandshake` first. @throws Refused, and as {@link settled} when it stays pending */
  async #ask(options: ConnectOptions, from: { address: string; port: number }): Promise<InProcessClient> {
    const listener = this.#listener;
    const answered = new Promise<InProcessClient>((resolve, reject) => {
      const arrival = new TestArrival({
        listener,
        from,
        handshake: handshake(options),
        subprotocols: options.subprotocols ?? [],
        onWelcome: () => {
          let connection!: TestConnection;
          resolve(this.#client((owner) => (connection = new TestConnection(listener, owner, from))));
          return connection;
        },
        // what was logged about it comes first
        onRefused: (error) => void this.settled().then(() => reject(error), reject),
      });
      this.#parts.gateway.clients.arrived(arrival);
    });
    return await Promise.race([answered, this.settled().then(async () => await answered)]);
  }

  async request(
    request: string | Request,
    { remoteAddress: address = '127.0.0.1', ...init }: RequestOptions = {},
  ): Promise<Response> {
    const { clients } = this.#parts.gateway;
    if (!clients.answers) return new Response('Not Found\n', { status: 404 });
    const whole = new Request(typeof request === 'string' ? new URL(request, 'http://test') : request, init);
    const from = { address, port: ++this.#lastPort };
    const body = Buffer.from(await whole.arrayBuffer());
    const exchange = new TestExchange(this.#listener, whole, body, from);
    clients.asked(exchange);
    return await Promise.race([exchange.answered, this.settled().then(async () => await exchange.answered)]);
  }

  metric(name: string, labels: Readonly<Record<string, string>> = {}): number {
    return metricValue(this.#parts.pool.metrics(), name, labels);
  }

  group(group: Name): Receivers {
    const name = checkName('group', 'group', group);
    const { gateway, sent } = this.#parts;
    return this.#receivers(gateway.directory.withGroup(name), sent.toGroup(name));
  }

  uid(uid: Name): Receivers {
    const name = checkName('uid', 'uid', uid);
    const { gateway, sent } = this.#parts;
    return this.#receivers(gateway.directory.withUid(name), sent.toUid(name));
  }

  async settled(): Promise<void> {
    const { pool, threads, patience } = this.#parts;
    const end = performance.now() + patience;
    for (;;) {
      const before = handled(pool);
      await threads.sent();
      await turn();
      const { pending, waiting } = load(pool);
      if (pending === 0 && waiting === 0 && handled(pool) === before) return;
      if (performance.now() > end) throw this.#unsettled(pending);
    }
  }

  async advance(milliseconds: number): Promise<void> {
    this.clock.advance(milliseconds);
    await this.settled();
  }

  async reload(): Promise<void> {
    const { pool, stopTimeout } = this.#parts;
    await keepAlive(pool.reload(stopTimeout));
  }

  async crash(worker = 0): Promise<void> {
    const { pool, threads } = this.#parts;
    const restarts = total(pool, 'restarts');
    if (!threads.crash(worker))
      throw new GatewayError(
        'GW_LINK_CLOSED',
        `The application under test has no worker ${worker} just now: it has ${pool.status().length}, from 0 on.`,
      );
    while (total(pool, 'restarts') === restarts) await turn();
  }

  async close(): Promise<void> {
    this.#closed ??= this.#close();
    await this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<void> {
    const { gateway, pool, onClose, clock } = this.#parts;
    // a handler that is pending for ever is not waited for
    const passing = setInterval(() => clock.advance(LAST_STEP), PASSING);
    try {
      await gateway.close(LAST_STEP);
      await pool.stop(LAST_STEP);
    } finally {
      clearInterval(passing);
    }
    await onClose();
  }

  #receivers(records: Iterable<{ readonly id: number }>, messages: readonly TestMessage[]): Receivers {
    const { gateway } = this.#parts;
    const clients = Array.from(records, (record) => this.#clients.get(gateway.clientIdOf(record as never)));
    return { clients: clients.filter((client) => client !== undefined), messages };
  }

  #unsettled(pending: number): Error {
    const { log, patience } = this.#parts;
    return new Error(
      `The application is not done after ${patience / 1000} s: ${pending} handler${pending === 1 ? ' is' : 's are'} pending. ${log.lastProblem}`.trim(),
    );
  }
}

function load(pool: Pool): { pending: number; waiting: number } {
  return { pending: total(pool, 'pending'), waiting: total(pool, 'waitingBytes') };
}

function handled(pool: Pool): number {
  return total(pool, 'handled');
}

function total(pool: Pool, key: 'handled' | 'pending' | 'waitingBytes' | 'restarts'): number {
  return pool.status().reduce((sum, slot) => sum + slot[key], 0);
}

function handshake({
  path = '/',
  query = {},
  headers = {},
  subprotocols = [],
  subprotocol = '',
}: ConnectOptions): HandshakeRequest {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const one of typeof value === 'string' ? [value] : value) parameters.append(name, one);
  }
  const search = parameters.size === 0 ? '' : `?${parameters.toString()}`;
  const offered = subprotocols.length === 0 ? {} : { 'sec-websocket-protocol': subprotocols.join(', ') };
  const lowered = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
  );
  return {
    url: path + search,
    method: 'GET',
    httpVersion: '1.1',
    headers: { host: 'test', ...offered, ...lowered },
    subprotocol,
  };
}

async function turn(): Promise<void> {
  await new Promise<void>((resolve) => void setImmediate(resolve));
}
