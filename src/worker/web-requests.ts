import { Buffer } from 'node:buffer';
import { type ClientAddress, formatClientId } from '../wire/client-id.js';
import { Command } from '../wire/command.js';
import type { ReceivedFrame } from '../wire/frame.js';
import { type WebAnswer, type WebRequestHead, decodeRequestHead, textAnswer } from '../wire/web-request.js';
import type { ClientReports } from './client-reports.js';
import type { Events } from './events.js';
import type { HandlerLog } from './handler-log.js';
import type { HandlerProgress } from './handler-progress.js';
import type { HandshakesOptions } from './handshakes.js';
import { Refused } from './refused.js';
import type { Unfinished } from './unfinished.js';
import { webAnswerOf } from './web-answer.js';

/** Has the developer's code answer plain HTTP requests. They are nobody's, so that none waits for another. */
export class WebRequests {
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
    const { localIp, localPort, connectionId } = frame;
    const client = { localIp, localPort, connectionId };
    this.#progress.begin(frame);
    this.#unfinished.begin();
    // up to its first await the handler runs within this
    const answered = this.#answer(client, frame.extText(), Buffer.from(frame.body));
    const place = this.#progress.suspend(frame);
    void answered.then((answer) => {
      this.#reports.responded(client, answer);
      this.#progress.settle(place);
      this.#unfinished.end();
    });
  }

  /** Never rejects. */
  async #answer(client: ClientAddress, ext: string, body: Buffer): Promise<WebAnswer> {
    try {
      const head = decodeRequestHead(ext);
      const request = requestOf(head, body);
      if (request === undefined) return textAnswer(400, 'This is no request that can be answered here.');
      const { remoteAddress, mostBytes } = head;
      // without a handler: the code before this one had one
      const returned = await this.#events.onRequest?.(request, { remoteAddress });
      return await webAnswerOf(returned, mostBytes);
    } catch (error) {
      if (error instanceof Refused) return refusalOf(error);
      const { localIp, localPort, connectionId } = client;
      const id = formatClientId(localIp, localPort, connectionId);
      this.#log.failed({ id }, Command.ON_REQUEST, error);
      return textAnswer(500, 'Internal Server Error');
    }
  }
}

/** Undefined for one that the web has not: `TRACE`, or a host that is none. */
function requestOf({ method, url, headers }: WebRequestHead, body: Buffer): Request | undefined {
  try {
    const fields = headers as [string, string][];
    return new Request(url, { method, headers: fields, body: body.length === 0 ? null : body });
  } catch {
    return undefined;
  }
}

function refusalOf({ status, message, fields }: Refused): WebAnswer {
  const { headers, ...answer } = textAnswer(status, message);
  return { ...answer, headers: [...headers, ...fields] };
}
