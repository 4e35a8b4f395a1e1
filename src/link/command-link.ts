import type { Socket } from 'node:net';
import type { Clock, Timer } from '../clock.js';
import { GatewayError } from '../errors.js';
import { Queue } from '../queue.js';
import { Command, Flag, isQuery } from '../wire/command.js';
import { type Frame, emptyFrame, encodeFrame } from '../wire/frame.js';
import { REPLY_HEADER_LENGTH, ReplyReader } from '../wire/reply-reader.js';
import { encodeIntroduction } from '../wire/worker-connect.js';
import type { LinkState } from './link.js';
import { SocketWriter } from './socket-writer.js';

/** Checks in a row that may find nothing moving before the gateway counts as gone. */
const SILENT_CHECKS = 2;

/** The link's own query, whose answer is for nobody. Request ids are never below zero. */
const PROBE = -1;

/** Where these fields lie in a frame: see wire/frame.ts. Client_ip ends where client_port begins. */
const LOCAL_IP = 5;
const CLIENT_PORT = 15;
const FLAGS = 21;

export interface CommandLinkOptions {
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
  /** A query's answer: a PHP-serialized value, valid during the call only. What it throws ends the link. */
  onReply(requestId: number, value: Buffer): void;
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
 * States and calls are those of link.ts. The socket, which it owns, may still be connecting: what is sent waits.
 */
export class CommandLink {
  readonly name: string;
  readonly #socket: Socket;
  readonly #options: CommandLinkOptions;
  readonly #writer: SocketWriter;
  readonly #reader: ReplyReader;
  /** Request ids of the queries that are not answered yet, in the order of the answers. */
  readonly #asked = new Queue<number>();
  #state: LinkState = 'open';
  #answered = false;
  #closing: Promise<void> | undefined;
  #onEnded: (() => void) | undefined;
  #checks: Timer;
  #closeTimer: Timer | undefined;
  /** What had moved at the last check, and for how many checks nothing has. */
  #moved = 0;
  #silent = 0;
  readonly #replied = (reply: Buffer): void => {
    if (this.#state === 'closed') return;
    const requestId = this.#asked.shift();
    if (requestId === undefined) {
      throw new GatewayError(
        'GW_FRAME',
        `A reply of ${reply.length - REPLY_HEADER_LENGTH} bytes came that nothing had asked for; the peer is no gateway, or does not answer in order.`,
      );
    }
    this.#answered = true;
    if (requestId !== PROBE) this.#options.onReply(requestId, reply.subarray(REPLY_HEADER_LENGTH));
  };

  constructor(socket: Socket, options: CommandLinkOptions) {
    this.name = options.name;
    this.#socket = socket;
    this.#options = options;
    this.#writer = new SocketWriter(socket, options.bufferSize, () => {
      if (this.#state === 'open') options.onDrained();
    });
    this.#reader = new ReplyReader(options.maxReplyLength);
    socket
      .setNoDelay(true)
      .on('data', (chunk: Buffer) => this.#received(chunk))
      .on('error', (cause: Error) => this.destroy(cause))
      .on('end', () => this.#farEndClosed())
      .on('close', () => this.#ended());
    this.#checks = options.clock.setInterval(() => this.#check(), options.pingInterval);
    // once for the connection: the gateway remembers it
    if (options.secretKey !== '') this.#writer.write(introduction(options.secretKey));
    // a gateway that knows another key says nothing to commands: it hangs up instead of answering
    this.#ask();
  }

  get state(): LinkState {
    return this.#state;
  }

  /** Bytes that were accepted and have not left. */
  get bufferedBytes(): number {
    return this.#writer.bufferedBytes;
  }

  /** Whether more waits than the buffer size, and `onDrained` is still to come. */
  get congested(): boolean {
    return this.#writer.congested;
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
    if (isQuery(frame.command)) this.#asked.push(frame.clientIp);
    this.#writer.write(commandBytes(frame));
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

  #received(chunk: Buffer): void {
    if (this.#state === 'closed') return;
    try {
      this.#reader.push(chunk, this.#replied);
    } catch (error) {
      this.destroy(error as Error);
      return;
    }
    this.#finishWhenAnswered();
  }

  #finishWhenAnswered(): void {
    if (this.#state === 'closing' && this.#asked.length === 0) this.#socket.end();
  }

  #farEndClosed(): void {
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
    this.#silent = moved === this.#moved && this.#asked.length > 0 ? this.#silent + 1 : 0;
    this.#moved = moved;
    if (this.#silent > SILENT_CHECKS) {
      const seconds = (this.#silent * this.#options.pingInterval) / 1000;
      this.destroy(new GatewayError('GW_LINK_CLOSED', `${this.name} has been silent for ${seconds} s.`));
    } else if (this.#asked.length === 0) {
      this.#ask();
    }
  }

  #ask(): void {
    this.#asked.push(PROBE);
    this.#writer.write(PROBE_BYTES);
  }

  #ended(error?: GatewayError): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#checks.cancel();
    this.#closeTimer?.cancel();
    this.#asked.clear();
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

const PROBE_BYTES = encodeFrame({ ...emptyFrame(), command: Command.IS_ONLINE, flags: Flag.PLAIN_BODY });
