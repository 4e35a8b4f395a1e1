import type { TestContext } from 'node:test';
import { pino } from 'pino';
import { GatewayCalls } from '#src/api/gateway-calls.js';
import { PendingQueries } from '#src/api/pending-queries.js';
import { systemClock } from '#src/base/clock.js';
import type { SlotLink } from '#src/link/slot-link.js';
import { ThreadLink } from '#src/link/thread-link.js';
import type { GatewayState } from '#src/link/gateway-state.js';
import { ThreadGauge } from '#src/ring/thread-gauge.js';
import { encodeClientState } from '#src/wire/client-state.js';
import { Command, Flag } from '#src/wire/command.js';
import { type Frame, type ReceivedFrame, emptyFrame } from '#src/wire/frame.js';
import { BusinessWorker } from '#src/worker/business-worker.js';
import type { Events } from '#src/worker/events.js';
import { ThreadTransport } from '#src/worker/thread-transport.js';
import { openSlot } from './link-carriers.js';

const BUFFER = 64 * 1024;
/** Gateways. */
export const A: GatewayState = { ip: 0x7f000001, port: 1, up: true, php: false, routes: true, gauge: null };
export const B: GatewayState = { ...A, port: 2 };
export const PHP: GatewayState = { ...A, port: 3, php: true, routes: false };

/** A thread of the scene's slot, in this thread. */
export class WorkerThread {
  readonly generation: number;
  readonly link: ThreadLink;
  readonly worker: BusinessWorker;
  readonly gauge = new ThreadGauge();
  readonly gateway = new GatewayCalls();
  readonly #slot: SlotLink;

  constructor(slot: SlotLink, events: Events, processTimeout: number, onFailure: (message: string) => void) {
    const memory = slot.attach();
    this.#slot = slot;
    this.generation = memory.number;
    const link = new ThreadLink('the slot', memory);
    this.link = link;
    const requests = new PendingQueries(systemClock);
    const { number: generation } = memory;
    const transport = new ThreadTransport(link, { bufferSize: BUFFER, thread: generation });
    transport.setGateways([A, B, PHP]);
    this.gateway.attach({ transport, requests });
    this.worker = new BusinessWorker({
      link,
      events,
      gateway: this.gateway,
      gauge: this.gauge,
      log: pino(
        { level: 'error' },
        { write: (line) => onFailure((JSON.parse(line) as { msg: string }).msg) },
      ),
      dialectOf: (client) => transport.dialectOf(client),
      reaches: (client) => transport.reaches(client),
      processTimeout,
      clock: systemClock,
    });
    transport.worker = this.worker;
    this.gateway.attachContext(this.worker.handlers);
    link.subscribe({
      frame: (frame, place) => {
        if (frame.command === Command.REPLY) requests.answer(frame.clientIp, frame.body);
        else this.worker.handle(frame, place);
      },
      drained() {},
      closed: () => requests.close(),
    });
  }

  /** Takes the slot's events from now on. @param pending clients that a thread before it is busy with */
  serve(pending: readonly string[] = []): void {
    this.worker.serve(this.#slot.serveBy(this.generation), pending);
  }
}

/** A slot and its business workers in this thread. Their gateways are the test, which answers queries for a client's state. */
export class WorkerScene {
  readonly slot: SlotLink;
  /** The first. */
  readonly thread: WorkerThread;
  /** What handlers did, in order. */
  readonly done: string[] = [];
  /** Commands that came, without queries. */
  readonly commands: string[] = [];
  /** Clients that were given back, each with the events that were not begun. */
  readonly returned: { readonly flags: number; readonly body: Buffer }[] = [];
  /** What was logged as failed. */
  readonly failures: string[] = [];
  /** What gateways say of their clients. */
  state = { epoch: 0, applied: 0, address: '', uid: '', session: Buffer.alloc(0) };
  /** Clients whose state was asked for, by connection id. */
  readonly asked: number[] = [];
  readonly #events: Events;
  readonly #processTimeout: number;
  readonly #threads: WorkerThread[] = [];
  #waiting: Array<() => void> = [];

  /** @param processTimeout as BusinessWorkerOptions.processTimeout */
  constructor(t: TestContext, events: Events, processTimeout = 0) {
    this.#events = events;
    this.#processTimeout = processTimeout;
    const { slot, end } = openSlot(BUFFER);
    this.slot = slot;
    slot.subscribe({ frame: (frame) => this.#command(frame), drained() {}, closed() {} });
    this.thread = this.attach();
    this.thread.serve();
    t.after(() => {
      for (const { link } of this.#threads) link.destroy();
      end();
    });
  }

  get gateway(): GatewayCalls {
    return this.thread.gateway;
  }

  get worker(): BusinessWorker {
    return this.thread.worker;
  }

  /** A further thread of the slot, with the same handlers. */
  attach(): WorkerThread {
    const thread = new WorkerThread(this.slot, this.#events, this.#processTimeout, (message) =>
      this.failures.push(message),
    );
    this.#threads.push(thread);
    return thread;
  }

  /** A message of client 7, or another one, at a gateway. */
  send(gateway: GatewayState, body: string | Buffer, ext: string | Buffer = '', flags = 0, id = 7): void {
    this.event(gateway, { connectionId: id, flags: Flag.PLAIN_BODY | flags, ext, body });
  }

  /** An event of client 7, by default a message. */
  event({ ip, port }: GatewayState, fields: Partial<Frame>): void {
    const client = { localIp: ip, localPort: port, connectionId: 7 };
    this.slot.send({ ...emptyFrame(), command: Command.ON_MESSAGE, ...client, ...fields });
  }

  did(what: string): void {
    this.done.push(what);
    this.#changed();
  }

  /** What was done, once there is so much. */
  async doneBy(count: number): Promise<readonly string[]> {
    await this.until(() => this.done.length >= count);
    return this.done;
  }

  async commanded(count: number): Promise<readonly string[]> {
    await this.until(() => this.commands.length >= count);
    return this.commands;
  }

  /** Resolves once something that was done, or commanded, meets the condition. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => void this.#waiting.push(resolve));
  }

  #changed(): void {
    for (const look of this.#waiting.splice(0)) look();
  }

  #command(frame: ReceivedFrame): void {
    if (frame.command === Command.GET_CLIENT_STATE) {
      const { clientIp, localIp, localPort } = frame;
      this.asked.push(frame.connectionId);
      const body = encodeClientState(this.state);
      this.slot.send({ ...emptyFrame(), command: Command.REPLY, clientIp, localIp, localPort, body });
      this.#changed();
      return;
    }
    if (frame.command === Command.CLIENT_MOVED) {
      this.returned.push({ flags: frame.flags, body: Buffer.from(frame.body) });
      this.#changed();
      return;
    }
    this.commands.push(
      `${frame.command} ${frame.localPort}:${frame.connectionId} ${frame.extText()}${frame.bodyText()}`,
    );
    this.#changed();
  }
}
