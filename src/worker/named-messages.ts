import { checkNamedData } from '../api/emit-calls.js';
import { sentence } from '../base/error-text.js';
import { GatewayError } from '../base/errors.js';
import type { ThreadGauge } from '../ring/thread-gauge.js';
import { HEADER_LENGTH, type ReceivedFrame, byteLength } from '../wire/frame.js';
import { packNamed } from '../wire/named-bytes.js';
import { type NamedError, answerText, refusalText } from '../wire/named-message.js';
import type { ClientReports } from './client-reports.js';
import type { ClientRequests } from './client-requests.js';
import type { Client } from './client.js';
import type { HandlerLog } from './handler-log.js';
import { isPromise } from './handlers.js';
import type { Checked, CheckedMessage } from './message-checks.js';
import { isRequestId, readMessage } from './received-message.js';
import { Refused } from './refused.js';

export interface NamedMessagesOptions {
  /** By name. */
  readonly messages: ReadonlyMap<string, CheckedMessage>;
  readonly reports: ClientReports;
  readonly requests: ClientRequests;
  readonly gauge: ThreadGauge;
  readonly log: HandlerLog;
  /** Handles what has no name; undefined where the code has no handler for such. */
  readonly unnamed: ((client: Client, frame: ReceivedFrame) => unknown) | undefined;
}

/** What is being answered. */
interface Asked {
  readonly client: Client;
  readonly event: string;
  /** Undefined for an event, which is told of errors only. */
  readonly id: number | undefined;
}

/** Hands messages with names to their handlers, once they are seen to fit, and answers with what those return. */
export class NamedMessages {
  readonly #options: NamedMessagesOptions;

  constructor(options: NamedMessagesOptions) {
    this.#options = options;
  }

  /** @returns what is pending */
  handle(client: Client, frame: ReceivedFrame): unknown {
    const { messages, requests, gauge, unnamed } = this.#options;
    const received = readMessage(frame);
    if (received !== undefined && received.event === undefined) {
      if (requests.settle(client, received)) return undefined;
      // it may be something of the application's own; an answer that nobody waits for is answered by nobody
      if (unnamed === undefined) gauge.refuse();
      return unnamed?.(client, frame);
    }
    const message = received === undefined ? undefined : messages.get(received.event as string);
    if (message === undefined && unnamed !== undefined) return unnamed(client, frame);
    if (received === undefined) {
      this.#refuse({ client, event: '', id: undefined }, NO_NAME);
      return undefined;
    }
    const event = received.event as string;
    if (received.id !== undefined && !isRequestId(received.id)) {
      this.#refuse({ client, event, id: undefined }, WRONG_ID);
      return undefined;
    }
    const asked = { client, event, id: received.id };
    if (message === undefined) {
      this.#refuse(asked, { code: 'GW_MESSAGE', message: `There is no message of this name here.` });
      return undefined;
    }
    return this.#check(asked, message, received.data);
  }

  #check(asked: Asked, message: CheckedMessage, data: unknown): unknown {
    try {
      const checked = message.check(data);
      if (!isPromise(checked)) return this.#call(asked, message, checked);
      return checked.then(
        (result) => this.#call(asked, message, result),
        (error: unknown) => this.#fail(asked, error),
      );
    } catch (error) {
      this.#fail(asked, error);
      return undefined;
    }
  }

  #call(
    asked: Asked,
    { handler }: CheckedMessage,
    { misfit, ...checked }: Checked & { data?: unknown },
  ): unknown {
    if (misfit !== undefined) {
      const { path, problem } = misfit;
      const message = sentence(`${path === '' ? 'The data' : path} ${problem}`);
      this.#refuse(asked, { code: 'GW_MESSAGE', message, ...(path === '' ? {} : { path }) });
      return undefined;
    }
    try {
      const result = handler(asked.client, checked.data as never);
      if (!isPromise(result)) {
        this.#answer(asked, result);
        return undefined;
      }
      return result.then(
        (value) => this.#answer(asked, value),
        (error: unknown) => this.#fail(asked, error),
      );
    } catch (error) {
      this.#fail(asked, error);
      return undefined;
    }
  }

  #answer(asked: Asked, value: unknown): void {
    const { client, event, id } = asked;
    if (id === undefined) return;
    try {
      const { json, attachments } = checkNamedData(`The answer to '${event}'`, value);
      const text = answerText(id, json);
      const message = attachments.length === 0 ? text : packNamed(text, attachments);
      checkLength(message, client, event);
      this.#options.reports.named(client.events, message);
    } catch (error) {
      this.#fail(asked, error);
    }
  }

  /** What a handler has thrown: its sender is told no more than the handler wants it to know. */
  #fail(asked: Asked, error: unknown): void {
    if (error instanceof Refused) {
      const { code, message } = error;
      this.#tell(asked, { code, message });
      return;
    }
    const { log } = this.#options;
    log.namedFailed(asked.client, asked.event, error);
    this.#tell(asked, { code: 'GW_HANDLER', message: 'The server could not handle this message.' });
  }

  #refuse(asked: Asked, error: NamedError): void {
    this.#options.gauge.refuse();
    this.#tell(asked, error);
  }

  #tell({ client, event, id }: Asked, error: NamedError): void {
    const named =
      id === undefined && event !== '' ? { ...error, event: event.slice(0, LONGEST_NAME) } : error;
    this.#options.reports.named(client.events, refusalText(id, named));
  }
}

/** A gateway hangs up on what is too long for it, and with that on all its clients. @throws GW_ARGUMENT */
function checkLength(message: string | Uint8Array, { dialect }: Client, event: string): void {
  const { maxFrameLength, whose } = dialect;
  // a character takes three bytes at most
  if (message.length * 3 + HEADER_LENGTH <= maxFrameLength) return;
  const length = byteLength(message) + HEADER_LENGTH;
  if (length <= maxFrameLength) return;
  throw new GatewayError(
    'GW_ARGUMENT',
    `The answer to '${event}' would make ${length} bytes on the way to the client's gateway, ${whose}, which takes ${maxFrameLength} at most.`,
  );
}

/** Characters of a name that a client has made up which it is told again. */
const LONGEST_NAME = 64;

const NO_NAME: NamedError = {
  code: 'GW_MESSAGE',
  message: 'This is no message with a name; expected JSON such as {"event":"say","data":{}}.',
};
const WRONG_ID: NamedError = {
  code: 'GW_MESSAGE',
  message: 'The id of a request must be a whole number from 0 to 9007199254740991.',
};
