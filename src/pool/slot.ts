import { MessageChannel, type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import type { Piscina } from 'piscina';
import type { Clock } from '../clock.js';
import { GatewayError, type ErrorCode } from '../errors.js';
import { SlotLink } from '../link/slot-link.js';
import type { Logger } from '../log.js';
import type { Doorbell } from '../ring/doorbell.js';
import type { SlotMessage, ThreadMessage, WorkerTask } from '../link/worker-task.js';
import type { EventsBundle } from './events-bundle.js';

/** What every slot of a pool shares. */
export interface SlotContext {
  readonly threads: Piscina;
  readonly doorbell: Doorbell;
  readonly clock: Clock;
  readonly log: Logger;
  /** Writes a line that a thread logged. */
  readonly writeLine: (line: string) => void;
  readonly task: Pick<WorkerTask, 'eventsFolder' | 'count' | 'node' | 'gateways' | 'logLevel'>;
  readonly eventBufferSize: number;
  readonly commandBufferSize: number;
  /** Milliseconds that handlers may still take at a stop. */
  readonly stopTimeout: number;
}

/** A thread that serves, or is about to serve, a slot. */
interface Generation {
  readonly number: number;
  readonly port: MessagePort;
  /** Ends the thread at once. */
  readonly abort: AbortController;
  /** Resolves when the thread is gone; with an error unless it stopped in good order. */
  readonly ended: Promise<Error | undefined>;
  /** Resolves once onWorkerStart is done. */
  readonly ready: Promise<void>;
}

/** Waits between attempts to replace a thread that keeps dying: doubled from the first to the last. */
const FIRST_BACKOFF = 100;
const LAST_BACKOFF = 10_000;

/**
 * A worker's place: its link outlives the threads that serve it one after another, so that events wait while there is none.
 */
export class Slot {
  readonly link: SlotLink;
  readonly #number: number;
  readonly #context: SlotContext;
  #bundle: EventsBundle;
  #generation: Generation | undefined;
  #backoff = FIRST_BACKOFF;
  #stopping = false;

  constructor(number: number, bundle: EventsBundle, context: SlotContext) {
    this.#number = number;
    this.#bundle = bundle;
    this.#context = context;
    this.link = new SlotLink({
      name: `${context.task.node}:${number}`,
      doorbell: context.doorbell,
      eventBufferSize: context.eventBufferSize,
      commandBufferSize: context.commandBufferSize,
      onError: (error) =>
        context.log.error({ worker: number, err: error }, `a command failed: ${error.message}`),
    });
  }

  /**
   * Starts the slot's first thread; resolves when it takes events.
   *
   * @throws GW_EVENTS_INVALID, GW_EVENTS_START, GW_WORKER_DIED
   */
  async start(): Promise<void> {
    const generation = await this.#spawn();
    await generation.ready;
    this.#serveBy(generation);
  }

  /** Lets the events that are on their way be handled, then onWorkerStop run, then the thread end. */
  async stop(): Promise<void> {
    this.#stopping = true;
    const generation = this.#generation;
    if (generation !== undefined) {
      const { stopTimeout } = this.#context;
      this.link.endEvents();
      post(generation, { kind: 'stop', timeout: stopTimeout });
      // twice: for the handlers that are pending, and for onWorkerStop
      const timer = this.#context.clock.setTimeout(() => generation.abort.abort(), stopTimeout * 2 + 1000);
      await generation.ended;
      timer.cancel();
    }
    this.link.destroy();
  }

  async #spawn(): Promise<Generation> {
    const { threads, task, log } = this.#context;
    await this.#bundle.write();
    const memory = this.link.attach();
    const { port1: port, port2 } = new MessageChannel();
    const abort = new AbortController();
    let receive!: (message: ThreadMessage) => void;
    const ready = new Promise<void>((resolve, reject) => {
      receive = (message) => {
        if (message.kind === 'ready') resolve();
        else if (message.kind === 'log') this.#context.writeLine(message.line);
        else reject(new GatewayError(message.code as ErrorCode, message.message));
      };
    });
    port.on('message', receive);
    const data: WorkerTask = { ...task, memory, port: port2, bundle: this.#bundle.url, slot: this.#number };
    const ended = threads.run(data, { transferList: [port2], signal: abort.signal }).then(
      () => undefined,
      (error: Error) => error,
    );
    // the thread's last words come by another way than the news of its end
    void ended.then(() => {
      for (let last = receiveMessageOnPort(port); last !== undefined; last = receiveMessageOnPort(port)) {
        receive(last.message as ThreadMessage);
      }
    });
    const generation: Generation = {
      number: memory.generation,
      port,
      abort,
      ended,
      ready: Promise.race([
        ready,
        ended.then((error) => {
          const reason = error === undefined ? 'it ended' : error.message;
          throw new GatewayError(
            'GW_WORKER_DIED',
            `Worker ${this.#number} died while it started: ${reason}.`,
            {
              cause: error,
            },
          );
        }),
      ]),
    };
    // whoever waits for `ready` is told; nobody else needs to be
    generation.ready.catch(() => {});
    void ended.then((error) => {
      port.close();
      this.link.detach(generation.number);
      if (this.#generation !== generation || this.#stopping) return;
      log.error(
        { worker: this.#number, err: error },
        `a worker died${error === undefined ? '' : `: ${error.message}`}; it is replaced`,
      );
      this.#generation = undefined;
      void this.#replace();
    });
    return generation;
  }

  #serveBy(generation: Generation): void {
    this.#generation = generation;
    this.link.serveBy(generation.number);
    post(generation, { kind: 'serve' });
  }

  /** Puts a new thread in the place of one that died: at once, and then less and less often while it keeps dying at start. */
  async #replace(): Promise<void> {
    while (!this.#stopping) {
      try {
        await this.start();
        this.#backoff = FIRST_BACKOFF;
        return;
      } catch (error) {
        const { log, clock } = this.#context;
        log.error(
          { worker: this.#number, err: error },
          `a worker cannot be replaced; next attempt in ${this.#backoff} ms`,
        );
        await new Promise<void>((resolve) => void clock.setTimeout(resolve, this.#backoff));
        this.#backoff = Math.min(this.#backoff * 2, LAST_BACKOFF);
      }
    }
  }
}

function post({ port }: Generation, message: SlotMessage): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a MessagePort, not a window
  port.postMessage(message);
}
