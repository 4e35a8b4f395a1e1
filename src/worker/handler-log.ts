import { messageOf } from '../base/error-text.js';
import { systemClock } from '../base/clock.js';
import { LogOnce } from '../base/log-once.js';
import type { Logger } from '../base/log.js';
import type { ThreadGauge } from '../ring/thread-gauge.js';
import { eventName } from '../wire/command.js';
import type { Client } from './client.js';
import type { WorkerSender } from './events.js';

/** Lines a minute about handlers that fail in the same way: enough to see which clients it concerns. */
const FAILURES_PER_MINUTE = 10;
/** Characters of a message that tell one failure from another. */
const KIND_LENGTH = 100;

/** What goes wrong with events. Clients can provoke it, so there is a limit to what is logged. */
export class HandlerLog {
  readonly #log: LogOnce;
  readonly #gauge: ThreadGauge;

  constructor(log: Logger, gauge: ThreadGauge) {
    this.#log = new LogOnce(log, systemClock, FAILURES_PER_MINUTE);
    this.#gauge = gauge;
  }

  /** The handler of this event threw or rejected, or left behind what cannot be stored. */
  failed({ id }: Pick<Client, 'id'>, command: number, error: unknown): void {
    const event = eventName(command);
    this.#failed(event, { client: id, event }, error);
  }

  /** The handler of a message with this name threw or rejected, or returned what cannot be sent. */
  namedFailed({ id }: Pick<Client, 'id'>, name: string, error: unknown): void {
    this.#failed(`the message '${name}'`, { client: id, event: name }, error);
  }

  /** The handler of this event has been pending for so many seconds, and is waited for no longer. */
  late({ id }: Client, command: number, seconds: number): void {
    const event = eventName(command);
    this.#log.warn(
      `${event} is late`,
      { client: id, event, seconds: Math.round(seconds) },
      `${event} has been pending for ${seconds.toFixed(1)} s, longer than processTimeout; the client's next event goes on without it`,
    );
  }

  /** onWorkerMessage threw or rejected. */
  messageFailed(from: WorkerSender | null, error: unknown): void {
    this.#failed('onWorkerMessage', { from: from?.name }, error);
  }

  /** A worker has sent a message, and there is no onWorkerMessage. */
  unheard(from: WorkerSender | null): void {
    this.#gauge.fail();
    this.#log.warn(
      'unheard',
      { from: from?.name },
      `${from === null ? 'A GatewayClient' : `The worker ${from.name}`} has sent this worker a message, and its code has no onWorkerMessage: it is dropped. Give events/ that handler, or send to a worker whose code has it.`,
    );
  }

  /** The gateway did not say what it knows of the client. */
  stateUnknown({ id }: Client, error: unknown): void {
    this.#log.error('state unknown', { client: id, err: error }, 'the state of a client is not known');
  }

  /** Says how much was left out. */
  close(): void {
    this.#log.close();
  }

  #failed(what: string, fields: object, error: unknown): void {
    this.#gauge.fail();
    const message = `${what} failed: ${messageOf(error)}`;
    this.#log.error(message.slice(0, KIND_LENGTH), { ...fields, err: error }, message);
  }
}
