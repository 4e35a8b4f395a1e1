import type { Socket } from 'node:net';
import { withinTime } from '../base/clock.js';
import { GatewayError } from '../base/errors.js';
import { connectInner } from '../net/inner-socket.js';
import { numberToIp } from '../wire/client-id.js';
import { Command, Flag, WorkerState, commandName, isEvent } from '../wire/command.js';
import {
  MAX_FRAME_LENGTH,
  MAX_INNER_PACKAGE,
  ReceivedFrame,
  decodeFrame,
  emptyFrame,
  encodeFrame,
  frameLength,
} from '../wire/frame.js';
import { NAMED_BYTES, base64Text } from '../wire/named-bytes.js';
import { toPhpSession } from '../wire/php-session.js';
import { encodeIntroduction } from '../wire/worker-connect.js';
import { QueryConnection } from './query-connection.js';
import type { CarrierOptions, GatewayCarrier, GatewayKind } from './gateway-carrier.js';
import { TcpLink } from '../link/tcp-link.js';

/** Milliseconds of silence after which the operating system asks whether the gateway is still there. */
const KEEP_ALIVE = 25_000;

const NO_VALUE = Buffer.alloc(0);

/** A gateway of PHP's GatewayWorker. */
export const PHP_GATEWAY: GatewayKind = {
  php: true,
  carry: (socket, options) => new PhpCarrier(socket, options),
};

/**
 * The two connections to a PHP gateway. Its answers carry no number and are no frames, so that they must not meet events:
 * those come over the one, and every command and query, in order, goes over the other. One does not outlive the other.
 *
 * It knows no states: a slot that can take no more stops reading, and one that is not ready yet has no connection for events.
 */
class PhpCarrier implements GatewayCarrier {
  readonly #options: CarrierOptions;
  #events: TcpLink | undefined;
  readonly #commands: QueryConnection;
  readonly #reply = { ...emptyFrame(), command: Command.REPLY };
  readonly #replyFrame = new ReceivedFrame();
  readonly #decoded = new ReceivedFrame();
  /** Clients of which the worker wants no more for now: with one connection for all, that makes the others wait as well. */
  readonly #paused = new Set<number>();
  #congested = false;
  #leaving = false;
  #ended = false;

  /** @param commands introduced as a client's, and paused; what it has to read is read from now on */
  constructor(commands: Socket, options: CarrierOptions) {
    const { name, address, introduction, bufferSize, clock, pingInterval, owner } = options;
    this.#options = options;
    this.#reply.localIp = address.ip;
    this.#reply.localPort = address.port;
    this.#commands = new QueryConnection(commands, {
      name,
      secretKey: introduction.secretKey,
      bufferSize,
      maxReplyLength: MAX_FRAME_LENGTH,
      clock,
      pingInterval,
      dial: () => this.#connect(),
      onReply: (requestId, value) => this.#answered(requestId, value),
      // a reply without a value says that there is none
      onUnanswered: (requestId) => this.#answered(requestId, NO_VALUE),
      onDrained: () => owner.drained(),
      onClosed: (error) => this.#end(error),
    });
    commands.resume();
  }

  get bufferedBytes(): number {
    return this.#commands.bufferedBytes;
  }

  get congested(): boolean {
    return this.#commands.congested;
  }

  send(frame: ReceivedFrame, bytes: Buffer): void {
    if (this.#commands.state !== 'open') return;
    switch (frame.command) {
      case Command.PAUSE_CLIENT:
        this.#paused.add(frame.connectionId);
        this.#read();
        return;
      case Command.RESUME_CLIENT:
        this.#paused.delete(frame.connectionId);
        this.#read();
        return;
      case Command.SET_SESSION:
      case Command.UPDATE_SESSION:
        this.#sendSession(bytes);
        return;
      default:
        // what goes to all gateways and is of ours is nothing to it
        if (frame.command >= Command.REPLY) return;
        if ((frame.flags & NAMED_BYTES) === NAMED_BYTES) this.#sendText(frame);
        else this.#commands.send(frame);
    }
  }

  showState(state: number): void {
    this.#congested = (state & WorkerState.CONGESTED) !== 0;
    const ready = (state & WorkerState.READY) !== 0;
    if (ready && this.#events === undefined) this.#becomeWorker();
    else this.#read();
  }

  /** This end says that it is done, and the gateway, which sends what it has, does the same. */
  async leave(): Promise<void> {
    this.#leaving = true;
    this.#read();
    await this.#events?.close();
  }

  async close(timeout: number): Promise<void> {
    this.#leaving = true;
    this.#read();
    await Promise.all([
      withinTime(this.#options.clock, timeout, this.#events?.close() ?? Promise.resolve()),
      this.#commands.close(timeout),
    ]);
    this.destroy();
  }

  destroy(error?: Error): void {
    this.#end(error);
  }

  /** Becomes a worker of the gateway, which says nothing to that: events come from now on. */
  #becomeWorker(): void {
    const { name, introduction, bufferSize } = this.#options;
    const events = new TcpLink(this.#connect().setNoDelay(true), {
      name,
      bufferSize,
      maxFrameLength: MAX_FRAME_LENGTH,
    });
    this.#events = events;
    events.subscribe({
      frame: (frame) => this.#receive(frame),
      drained() {},
      closed: (error) => {
        if (!this.#leaving) this.#end(error);
      },
    });
    const body = encodeIntroduction(introduction);
    events.send({ ...emptyFrame(), command: Command.WORKER_CONNECT, flags: Flag.PLAIN_BODY, body });
    this.#read();
  }

  #connect(): Socket {
    const { address, tls } = this.#options;
    const socket = connectInner({ host: numberToIp(address.ip), port: address.port }, tls, () => {});
    return socket.setKeepAlive(true, KEEP_ALIVE);
  }

  #receive(frame: ReceivedFrame): void {
    if (isEvent(frame.command)) {
      this.#options.owner.event(frame);
    } else if (frame.command !== Command.PING) {
      throw new GatewayError('GW_FRAME', `It sent ${commandName(frame.command)}, which no gateway sends.`);
    }
  }

  #answered(requestId: number, value: Buffer): void {
    this.#reply.clientIp = requestId;
    this.#reply.body = value;
    this.#options.owner.reply(decodeFrame(encodeFrame(this.#reply), this.#replyFrame));
  }

  /** Sessions are in PHP's format there. */
  #sendSession(bytes: Buffer): void {
    const frame = decodeFrame(bytes, this.#decoded);
    try {
      const { command, connectionId } = frame;
      const ext = toPhpSession(frame.ext);
      this.#commands.send({ ...emptyFrame(), command, connectionId, flags: Flag.PLAIN_BODY, ext });
    } catch (error) {
      this.#options.onError(error as Error);
    }
  }

  /** Of a named message's bytes it knows nothing. */
  #sendText(frame: ReceivedFrame): void {
    const { command, connectionId, ext } = frame;
    try {
      const body = base64Text(frame.body);
      const sent = { ...emptyFrame(), command, connectionId, flags: Flag.PLAIN_BODY, ext, body };
      const length = frameLength(sent);
      if (length > MAX_INNER_PACKAGE) throw tooLong(length, this.#options.name);
      this.#commands.send(sent);
    } catch (error) {
      this.#options.onError(error as Error);
    }
  }

  #read(): void {
    if (!this.#leaving && (this.#congested || this.#paused.size > 0)) this.#events?.pause();
    else this.#events?.resume();
  }

  #end(error?: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#events?.destroy();
    this.#commands.destroy();
    this.#options.owner.closed(error);
  }
}

/** It would hang up on that, and on all its clients. */
function tooLong(length: number, gateway: string): GatewayError {
  return new GatewayError(
    'GW_ARGUMENT',
    `A message with bytes in it makes ${length} bytes of text for ${gateway}, which is PHP's and takes ${MAX_INNER_PACKAGE} at most: it was not sent.`,
  );
}
