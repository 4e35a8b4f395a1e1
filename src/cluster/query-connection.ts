import type { Socket } from 'node:net';
import type { Clock, Timer } from '../base/clock.js';
import { GatewayError } from '../base/errors.js';
import { commandName, isQuery } from '../wire/command.js';
import type { Frame } from '../wire/frame.js';
import type { LinkState } from '../link/link.js';
import { type AskedQuery, PROBE } from './asked-query.js';
import { commandBytes, clientIntroduction } from './gateway-client-bytes.js';
import { Intermission } from './intermission.js';
import { QuerySocket, type QuerySocketOwner } from './query-socket.js';
import { SplitQuery, isLate } from './split-query.js';
import { UNANSWERED, UnansweredWatch } from './unanswered-watch.js';

/** Checks in a row that may find nothing moving before the gateway counts as gone. */
const SILENT_CHECKS = 2;

export interface QueryConnectionOptions {
  /** The gateway, for messages: `the gateway 10.0.0.1:2900`. */
  readonly name: string;
  /** The gateway's secret key; '' when it has none. */
  readonly secretKey: string;
  /** Bytes that may wait before `send` returns false. Not below the socket's own high-water mark. */
  readonly bufferSize: number;
  /** Bytes of the longest value taken as a reply. */
  readonly maxReplyLength: number;
  readonly clock: Clock;
  /** Milliseconds between two looks at whether the gateway is still there. */
  readonly pingInterval: number;
  /**
   * Connects once more, when the gateway has left a query unanswered: by default the link ends then, sooner or later. The
   * link owns the socket, which may still be connecting.
   */
  readonly dial?: () => Socket;
  /** A query's answer: a PHP-serialized value, valid during the call only. What it throws ends the link. */
  onReply(requestId: number, value: Buffer): void;
  /** A query will not be answered: the gateway does not know it. */
  onUnanswered?(requestId: number): void;
  /** What waited has gone out, after `send` had returned false. */
  onDrained(): void;
  /** The end, once: without an error when this end closed it and every answer had come. */
  onClosed(error?: GatewayError): void;
}

/**
 * A connection to a gateway's inner port on which this end commands and asks, as a GatewayClient does: PHP's gateways know
 * no other way to be asked. Commands and queries go out as they come, without waiting for answers, and a gateway answers in
 * the order in which it was asked; its answers carry no request id.
 *
 * A query that the gateway leaves unanswered ends the connection, since the next answer may be anyone's. The link goes on by
 * another one, on which it asks once more what was behind that query: the gateway first does what was sent before.
 *
 * States and calls are those of link.ts. The socket, which it owns, may still be connecting: what is sent waits.
 */
export class QueryConnection implements QuerySocketOwner {
  readonly name: string;
  readonly #options: QueryConnectionOptions;
  #socket!: QuerySocket;
  #unansweredWatch!: UnansweredWatch;
  /** Commands that this gateway has left unanswered, of those that not every one knows. */
  readonly #unknown = new Set<number>();
  #state: LinkState = 'open';
  #answered = false;
  #closing: Promise<void> | undefined;
  #onEnded: (() => void) | undefined;
  readonly #checks: Timer;
  #closeTimer: Timer | undefined;
  /** While one connection ends and the next one has not begun. */
  #intermission: Intermission | undefined;
  /** What had moved at the last check, and for how many checks nothing has. */
  #moved = 0;
  #silent = 0;

  constructor(socket: Socket, options: QueryConnectionOptions) {
    this.name = options.name;
    this.#options = options;
    this.#checks = options.clock.setInterval(() => this.#check(), options.pingInterval);
    this.#use(socket);
  }

  get state(): LinkState {
    return this.#state;
  }

  /** Bytes that were accepted and have not left. */
  get bufferedBytes(): number {
    return this.#socket.bufferedBytes + (this.#intermission?.bytes ?? 0);
  }

  /** Whether more waits than the buffer size, and `onDrained` is still to come. */
  get congested(): boolean {
    return this.#socket.congested || this.#intermission?.congested === true;
  }

  /** Whether the gateway has answered anything: it is one, and it knows this secret key. */
  get answered(): boolean {
    return this.#answered;
  }

  /**
   * Sends a command or query of GatewayWorker's; a query's request id is its client_ip. None of ours may come here.
   *
   * @returns false when more than the buffer size waits: it is accepted, but send no more until `onDrained`
   * @throws GW_LINK_CLOSED when the link is not open
   */
  send(frame: Frame): boolean {
    if (this.#state !== 'open') {
      throw new GatewayError(
        'GW_LINK_CLOSED',
        `The link to ${this.name} is ${this.#state}; nothing more can be sent.`,
      );
    }
    const bytes = commandBytes(frame);
    const { command } = frame;
    if (!isQuery(command)) (this.#intermission ?? this.#socket).write(bytes);
    else this.#ask({ command, requestId: frame.clientIp, bytes, at: this.#options.clock.now() });
    return !this.congested;
  }

  /**
   * Lets out what was accepted, waits for the answers that are still to come, and ends.
   *
   * @param timeout milliseconds after which it ends in any case
   */
  close(timeout: number): Promise<void> {
    if (this.#state === 'closed') return Promise.resolve();
    if (this.#closing === undefined) {
      this.#state = 'closing';
      this.#closing = new Promise((resolve) => {
        this.#onEnded = resolve;
      });
      this.#closeTimer = this.#options.clock.setTimeout(() => {
        this.destroy(
          new GatewayError(
            'GW_LINK_CLOSED',
            `${this.name} was left after ${timeout} ms with ${this.bufferedBytes} bytes not taken and ${this.#socket.unanswered} queries not answered.`,
          ),
        );
      }, timeout);
      this.#finishWhenAnswered();
    }
    return this.#closing;
  }

  /** Ends now. What has not left is lost, and no further answer comes. */
  destroy(error?: Error): void {
    if (this.#state === 'closed') return;
    this.#socket.destroy();
    this.#ended(
      error === undefined || error instanceof GatewayError
        ? error
        : new GatewayError('GW_LINK_CLOSED', `${this.name}: ${error.message}.`, { cause: error }),
    );
  }

  /** Whether answers are still to come. */
  get #awaitsAnswers(): boolean {
    return this.#socket.unanswered > 0 || this.#intermission !== undefined;
  }

  /** Speaks over this connection from now on. */
  #use(socket: Socket): void {
    const { secretKey, clock } = this.#options;
    this.#socket = new QuerySocket(socket, this, this.#options);
    this.#unansweredWatch = new UnansweredWatch(this.#socket, clock, (query) => this.#turn(query, false));
    // once for the connection: the gateway remembers it
    if (secretKey !== '') this.#socket.write(clientIntroduction(secretKey));
    // a gateway that knows another key says nothing to commands: it hangs up instead of answering
    this.#socket.ask(PROBE);
  }

  #ask(query: AskedQuery): void {
    const { command, requestId } = query;
    if (this.#intermission !== undefined) {
      this.#intermission.ask(query);
      return;
    }
    if (requestId !== undefined && this.#unknown.has(command)) {
      this.#askInParts(new SplitQuery(requestId, command, query.bytes), query.at);
      return;
    }
    this.#socket.separate();
    this.#socket.ask(query);
    if (this.#options.dial !== undefined) this.#unansweredWatch.asked();
  }

  #askInParts(whole: SplitQuery, at: number): void {
    const { command, requestId, parts } = whole;
    for (const bytes of parts) this.#ask({ command, requestId, bytes, at, whole });
    if (parts.length > 0) return;
    // whoever asks waits for the answer only from after this call on
    queueMicrotask(() => {
      if (this.#state !== 'closed') this.#options.onReply(requestId, whole.answer);
    });
  }

  /**
   * Ends this connection, whose answers are nobody's any more, once what was sent over it has left; and begins another one
   * when the gateway has done the same.
   *
   * @param shown whether an answer has shown it, and not only that none came
   */
  #turn(unanswered: AskedQuery, shown: boolean): void {
    const { clock, bufferSize } = this.#options;
    const { command, requestId, whole } = unanswered;
    this.#unansweredWatch.close();
    const inTime = clock.now() - UNANSWERED;
    // for others nobody waits any more, or their answer can never be whole
    const again = this.#socket
      .abandon()
      .filter((query) => query.requestId !== undefined && query.at > inTime)
      .filter((query) => query !== unanswered && (whole === undefined || query.whole !== whole));
    if (shown && isLate(command)) {
      this.#unknown.add(command);
      again.unshift(unanswered);
    } else if (requestId !== undefined) {
      this.#options.onUnanswered?.(requestId);
    }
    if (this.#options.dial === undefined) {
      const name = commandName(command);
      this.destroy(new GatewayError('GW_LINK_CLOSED', `${this.name} has left ${name} unanswered.`));
      return;
    }
    this.#intermission = new Intermission(again, bufferSize);
    this.#socket.end();
  }

  /** The other connection, with what is to go over it. */
  #goOn(intermission: Intermission, socket: Socket): void {
    this.#intermission = undefined;
    this.#use(socket);
    for (const item of intermission) {
      if (Buffer.isBuffer(item)) this.#socket.write(item);
      else this.#ask(item);
    }
    if (intermission.congested && !this.congested && this.#state === 'open') this.#options.onDrained();
    this.#finishWhenAnswered();
  }

  #finishWhenAnswered(): void {
    if (this.#state === 'closing' && !this.#awaitsAnswers) this.#socket.end();
  }

  /** A cut cable closes no connection, and a PHP gateway knows no ping: it is asked something that costs it nothing. */
  #check(): void {
    if (this.#state !== 'open') return;
    const { moved } = this.#socket;
    this.#silent = moved === this.#moved && this.#awaitsAnswers ? this.#silent + 1 : 0;
    this.#moved = moved;
    if (this.#silent > SILENT_CHECKS) {
      const seconds = (this.#silent * this.#options.pingInterval) / 1000;
      this.destroy(new GatewayError('GW_LINK_CLOSED', `${this.name} has been silent for ${seconds} s.`));
    } else if (!this.#awaitsAnswers) {
      this.#socket.ask(PROBE);
    }
  }

  #ended(error?: GatewayError): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#checks.cancel();
    this.#closeTimer?.cancel();
    this.#unansweredWatch.close();
    this.#onEnded?.();
    this.#options.onClosed(error);
  }

  // ---- what the socket reports ----

  reply(query: AskedQuery, value: Buffer): void {
    this.#answered = true;
    const { requestId, whole } = query;
    if (whole !== undefined) {
      const answer = whole.answered(value);
      if (answer !== undefined) this.#options.onReply(whole.requestId, answer);
    } else if (requestId !== undefined) {
      this.#options.onReply(requestId, value);
    }
  }

  leftOut(query: AskedQuery): void {
    this.#answered = true;
    this.#turn(query, true);
  }

  received(): void {
    this.#unansweredWatch.received();
    this.#finishWhenAnswered();
  }

  drained(): void {
    if (this.#state === 'open') this.#options.onDrained();
  }

  failed(error: Error): void {
    this.destroy(error);
  }

  hungUp(): void {
    if (this.#intermission !== undefined) return;
    if (this.#state === 'closing' && this.#socket.unanswered === 0) return;
    const hint = this.#answered
      ? ''
      : ' before it had answered anything; check that both ends have the same secret key';
    this.destroy(new GatewayError('GW_LINK_CLOSED', `${this.name} closed the connection${hint}.`));
  }

  closed(): void {
    const intermission = this.#state === 'closed' ? undefined : this.#intermission;
    const socket = intermission && this.#options.dial?.();
    if (intermission !== undefined && socket !== undefined) this.#goOn(intermission, socket);
    else this.#ended();
  }
}
