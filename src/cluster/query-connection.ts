import type { Socket } from 'node:net';
import type { Clock, Timer } from '../base/clock.js';
import { GatewayError } from '../base/errors.js';
import { Queue } from '../base/queue.js';
import { Command, Flag, commandName, isQuery } from '../wire/command.js';
import { type Frame, emptyFrame, encodeFrame } from '../wire/frame.js';
import { REPLY_HEADER_LENGTH, ReplyReader } from '../wire/reply-reader.js';
import { encodeIntroduction } from '../wire/worker-connect.js';
import { type AskedQuery, PROBE, separator } from './asked-query.js';
import type { LinkState } from '../link/link.js';
import { SocketWriter } from '../link/socket-writer.js';
import { SplitQuery, isLate } from './split-query.js';

/** Checks in a row that may find nothing moving before the gateway counts as gone. */
const SILENT_CHECKS = 2;

/** Milliseconds without any answer after which the oldest query was left out: whoever asked waits no longer, either. */
const UNANSWERED = 5000;
/** Milliseconds without an answer after which something is asked behind the last query that shows whether it was left out. */
const DUBIOUS = 1000;

/** Where these fields lie in a frame: see wire/frame.ts. Client_ip ends where client_port begins. */
const LOCAL_IP = 5;
const CLIENT_PORT = 15;
const FLAGS = 21;

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
export class QueryConnection {
  readonly name: string;
  readonly #options: QueryConnectionOptions;
  #socket!: Socket;
  #writer!: SocketWriter;
  #reader!: ReplyReader;
  /** The queries that are not answered yet, in the order of the answers. */
  readonly #asked = new Queue<AskedQuery>();
  /** The last of them. */
  #last: AskedQuery | undefined;
  /** Commands that this gateway has left unanswered, of those that not every one knows. */
  readonly #unknown = new Set<number>();
  #state: LinkState = 'open';
  #answered = false;
  #closing: Promise<void> | undefined;
  #onEnded: (() => void) | undefined;
  readonly #checks: Timer;
  #closeTimer: Timer | undefined;
  #unansweredTimer: Timer | undefined;
  /** When the last answer came, or a part of one: milliseconds on the clock. */
  #heard = -Infinity;
  /** What is sent while one connection ends and the next one has not begun; undefined when there is one. */
  #held: Array<Buffer | AskedQuery> | undefined;
  #heldBytes = 0;
  #heldCongested = false;
  /** What had moved at the last check, and for how many checks nothing has. */
  #moved = 0;
  #silent = 0;
  readonly #replied = (reply: Buffer): void => {
    if (this.#state === 'closed' || this.#held !== undefined) return;
    this.#take(reply.subarray(REPLY_HEADER_LENGTH));
  };

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
    return this.#writer.bufferedBytes + this.#heldBytes;
  }

  /** Whether more waits than the buffer size, and `onDrained` is still to come. */
  get congested(): boolean {
    return this.#writer.congested || this.#heldCongested;
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
    if (!isQuery(command)) this.#write(bytes);
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
            `${this.name} was left after ${timeout} ms with ${this.bufferedBytes} bytes not taken and ${this.#asked.length} queries not answered.`,
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

  /** Speaks over this connection from now on. */
  #use(socket: Socket): void {
    const { secretKey, bufferSize, maxReplyLength } = this.#options;
    this.#socket = socket;
    this.#writer = new SocketWriter(socket, bufferSize, () => {
      if (this.#state === 'open' && socket === this.#socket) this.#options.onDrained();
    });
    this.#reader = new ReplyReader(maxReplyLength);
    socket
      .setNoDelay(true)
      .on('data', (chunk: Buffer) => this.#received(chunk))
      .on('error', (cause: Error) => this.destroy(cause))
      .on('end', () => this.#farEndClosed())
      .on('close', () => this.#socketClosed());
    // once for the connection: the gateway remembers it
    if (secretKey !== '') this.#writer.write(introduction(secretKey));
    // a gateway that knows another key says nothing to commands: it hangs up instead of answering
    this.#send(PROBE);
  }

  #received(chunk: Buffer): void {
    if (this.#state === 'closed') return;
    this.#heard = this.#options.clock.now();
    try {
      this.#reader.push(chunk, this.#replied);
    } catch (error) {
      this.destroy(error as Error);
      return;
    }
    this.#finishWhenAnswered();
  }

  /** An answer came. */
  #take(value: Buffer): void {
    let query = this.#asked.shift();
    // it stands for nothing where a gateway has left it out
    if (query?.always?.equals(value) === false) query = this.#asked.shift();
    if (query === undefined) {
      throw new GatewayError(
        'GW_FRAME',
        `A reply of ${value.length} bytes came that nothing had asked for; the peer is no gateway, or does not answer in order.`,
      );
    }
    this.#answered = true;
    if (query.always === undefined && this.#asked.peek()?.always?.equals(value) === true) {
      this.#turn(query, true);
      return;
    }
    const { requestId, whole } = query;
    if (whole !== undefined) {
      const answer = whole.answered(value);
      if (answer !== undefined) this.#options.onReply(whole.requestId, answer);
    } else if (requestId !== undefined) {
      this.#options.onReply(requestId, value);
    }
  }

  #ask(query: AskedQuery): void {
    const { command, requestId } = query;
    if (this.#held !== undefined) {
      this.#hold(query, query.bytes);
      return;
    }
    if (requestId !== undefined && this.#unknown.has(command)) {
      this.#askInParts(new SplitQuery(requestId, command, query.bytes), query.at);
      return;
    }
    this.#separate();
    this.#send(query);
    if (this.#options.dial !== undefined) this.#unansweredTimer ??= this.#watch(DUBIOUS);
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

  /** Whatever is asked next: the answer to what was asked last will be known from all others. */
  #separate(): void {
    const { requestId, command } = this.#last ?? PROBE;
    if (requestId !== undefined && this.#asked.length > 0) this.#send(separator(command));
  }

  #send(query: AskedQuery): void {
    this.#asked.push(query);
    this.#last = query;
    this.#writer.write(query.bytes);
  }

  #write(bytes: Buffer): void {
    if (this.#held === undefined) this.#writer.write(bytes);
    else this.#hold(bytes, bytes);
  }

  #hold(item: Buffer | AskedQuery, { length }: Buffer): void {
    this.#held?.push(item);
    this.#heldBytes += length;
    if (this.#heldBytes >= this.#options.bufferSize) this.#heldCongested = true;
  }

  #watch(milliseconds: number): Timer {
    return this.#options.clock.setTimeout(() => this.#lookForUnanswered(), milliseconds);
  }

  /** Whether the gateway has left out a query behind which no answer came that would show it. */
  #lookForUnanswered(): void {
    this.#unansweredTimer = undefined;
    const asked = [...this.#asked];
    const oldest = asked.find(({ requestId }) => requestId !== undefined);
    if (oldest === undefined || this.#held !== undefined) return;
    const now = this.#options.clock.now();
    const since = now - Math.max(oldest.at, this.#heard);
    if (this.#socket.connecting) {
      this.#unansweredTimer = this.#watch(UNANSWERED);
    } else if (since < DUBIOUS) {
      this.#unansweredTimer = this.#watch(DUBIOUS - since);
    } else if (since < UNANSWERED) {
      this.#separate();
      this.#unansweredTimer = this.#watch(UNANSWERED - since);
    } else {
      this.#turn(oldest, false);
    }
  }

  /**
   * Ends this connection, whose answers are nobody's any more, once what was sent over it has left; and begins another one
   * when the gateway has done the same.
   *
   * @param shown whether an answer has shown it, and not only that none came
   */
  #turn(unanswered: AskedQuery, shown: boolean): void {
    const { clock } = this.#options;
    const { command, requestId, whole } = unanswered;
    const inTime = clock.now() - UNANSWERED;
    // for others nobody waits any more, or their answer can never be whole
    const again = [...this.#asked]
      .filter((query) => query.requestId !== undefined && query.at > inTime)
      .filter((query) => query !== unanswered && (whole === undefined || query.whole !== whole));
    this.#asked.clear();
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
    this.#held = again;
    this.#socket.end();
  }

  /** The other connection, with what is to go over it. */
  #goOn(held: ReadonlyArray<Buffer | AskedQuery>, socket: Socket): void {
    const congested = this.#heldCongested;
    this.#held = undefined;
    this.#heldBytes = 0;
    this.#heldCongested = false;
    this.#heard = this.#options.clock.now();
    this.#use(socket);
    for (const item of held) {
      if (Buffer.isBuffer(item)) this.#writer.write(item);
      else this.#ask(item);
    }
    if (congested && !this.congested && this.#state === 'open') this.#options.onDrained();
    this.#finishWhenAnswered();
  }

  #socketClosed(): void {
    const held = this.#state === 'closed' ? undefined : this.#held;
    const socket = held && this.#options.dial?.();
    if (held !== undefined && socket !== undefined) this.#goOn(held, socket);
    else this.#ended();
  }

  #finishWhenAnswered(): void {
    if (this.#state === 'closing' && this.#asked.length === 0 && this.#held === undefined) this.#socket.end();
  }

  #farEndClosed(): void {
    if (this.#held !== undefined) return;
    if (this.#state === 'closing' && this.#asked.length === 0) return;
    const hint = this.#answered
      ? ''
      : ' before it had answered anything; check that both ends have the same secret key';
    this.destroy(new GatewayError('GW_LINK_CLOSED', `${this.name} closed the connection${hint}.`));
  }

  /** A cut cable closes no connection, and a PHP gateway knows no ping: it is asked something that costs it nothing. */
  #check(): void {
    if (this.#state !== 'open') return;
    const moved = this.#socket.bytesRead + this.#socket.bytesWritten - this.#socket.writableLength;
    const waiting = this.#asked.length > 0 || this.#held !== undefined;
    this.#silent = moved === this.#moved && waiting ? this.#silent + 1 : 0;
    this.#moved = moved;
    if (this.#silent > SILENT_CHECKS) {
      const seconds = (this.#silent * this.#options.pingInterval) / 1000;
      this.destroy(new GatewayError('GW_LINK_CLOSED', `${this.name} has been silent for ${seconds} s.`));
    } else if (!waiting) {
      this.#send(PROBE);
    }
  }

  #ended(error?: GatewayError): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#checks.cancel();
    this.#closeTimer?.cancel();
    this.#unansweredTimer?.cancel();
    this.#asked.clear();
    this.#held = undefined;
    this.#onEnded?.();
    this.#options.onClosed(error);
  }
}

/** The frame as PHP's GatewayClient writes it: without addresses or request id, and nothing asks for a REPLY frame. */
function commandBytes(frame: Frame): Buffer {
  const bytes = encodeFrame(frame);
  bytes.fill(0, LOCAL_IP, CLIENT_PORT);
  bytes[FLAGS] &= ~(Flag.REQUEST | Flag.OWN);
  return bytes;
}

function introduction(secretKey: string): Buffer {
  const body = encodeIntroduction({ workerKey: '', secretKey, features: [], instance: '' });
  return encodeFrame({
    ...emptyFrame(),
    command: Command.GATEWAY_CLIENT_CONNECT,
    flags: Flag.PLAIN_BODY,
    body,
  });
}
