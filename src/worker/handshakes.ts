import { type ClientAddress, formatClientId } from '../wire/client-id.js';
import type { ReceivedFrame } from '../wire/frame.js';
import { refusal } from '../wire/handshake-answer.js';
import { type HandshakeRequest, decodeHandshakeRequest } from '../wire/handshake.js';
import type { ClientReports } from './client-reports.js';
import type { Events } from './events.js';
import type { HandlerLog } from './handler-log.js';
import type { HandlerProgress } from './handler-progress.js';
import { isPromise } from './handlers.js';
import { Refused } from './refused.js';
import type { Unfinished } from './unfinished.js';
import { checkWelcome } from './welcome.js';

export interface HandshakesOptions {
  readonly events: Events;
  readonly reports: ClientReports;
  readonly progress: HandlerProgress;
  readonly log: HandlerLog;
  readonly unfinished: Unfinished;
}

/**
 * Asks the developer's code about websockets that would like to come in. They are no clients yet, so that none waits for
 * another, and nothing is kept of one that was answered: what it was granted comes back with its first event.
 */
export class Handshakes {
  readonly #events: Events;
  readonly #reports: ClientReports;
  readonly #progress: HandlerProgress;
  readonly #log: HandlerLog;
  readonly #unfinished: Unfinished;

  constructor({ events, reports, progress, log, unfinished }: HandshakesOptions) {
    this.#events = events;
    this.#reports = reports;
    this.#progress = progress;
    this.#log = log;
    this.#unfinished = unfinished;
  }

  start(frame: ReceivedFrame): void {
    const { command, localIp, localPort, connectionId } = frame;
    const client = { localIp, localPort, connectionId };
    this.#progress.begin(frame);
    try {
      const request = decodeHandshakeRequest(frame.body);
      // without a handler: the code before this one had one
      const result = this.#events.onHandshake?.(request);
      if (isPromise(result)) {
        const place = this.#progress.suspend(frame);
        this.#unfinished.begin();
        void this.#await(client, command, request, result).then(() => {
          this.#progress.settle(place);
          this.#unfinished.end();
        });
        return;
      }
      this.#letIn(client, request, result);
    } catch (error) {
      this.#refuse(client, command, error);
    }
    this.#progress.end(frame);
  }

  async #await(
    client: ClientAddress,
    command: number,
    request: HandshakeRequest,
    result: PromiseLike<unknown>,
  ): Promise<void> {
    try {
      this.#letIn(client, request, await result);
    } catch (error) {
      this.#refuse(client, command, error);
    }
  }

  #letIn(client: ClientAddress, { subprotocols }: HandshakeRequest, returned: unknown): void {
    this.#reports.decided(client, { grant: checkWelcome(returned, subprotocols) });
  }

  #refuse(client: ClientAddress, command: number, error: unknown): void {
    if (error instanceof Refused) {
      const { status, message: text, fields: headers } = error;
      this.#reports.decided(client, { refusal: { status, text, headers } });
      return;
    }
    const { localIp, localPort, connectionId } = client;
    this.#log.failed({ id: formatClientId(localIp, localPort, connectionId) }, command, error);
    this.#reports.decided(client, refusal(500, ''));
  }
}
