import type { Socket } from 'node:net';
import type { Clock, Timer } from '../base/clock.js';
import { GatewayError } from '../base/errors.js';
import { LineReader } from '../net/line-reader.js';
import type { SecretKey } from '../net/secret-key.js';
import type { Stranger } from '../net/strangers.js';
import { MAX_REGISTER_REQUEST, parseRegisterLine, REGISTER_PING_INTERVAL } from '../wire/register-line.js';

/** Milliseconds that a peer may take to say who it is, from the moment it connects. */
const INTRODUCTION_TIME = 10_000;

/** Pings that a peer which has pinged before may leave out, until it counts as gone. */
const SILENT_PINGS = 3;

/** Lines that a peer may send in one window of time; one that lives by the protocol sends a single one. */
const LINES_PER_WINDOW = 100;
const WINDOW_MILLISECONDS = 10_000;

/** What happens on a connection of a Register. After `ended` nothing more does. */
export interface RegisterConnectionListener {
  /** A gateway announced itself; it may do so again, under another address. */
  announced(connection: RegisterConnection, address: string): void;
  /** A worker asks for the list of gateways, or one that fell behind is ready for the newest. */
  asked(connection: RegisterConnection): void;
  /** The peer broke the rules, and the connection is being closed. `kind` is a constant, for counters. */
  refused(connection: RegisterConnection, kind: string, problem: string): void;
  ended(connection: RegisterConnection): void;
}

export interface RegisterConnectionOptions {
  readonly key: SecretKey;
  readonly clock: Clock;
  readonly stranger: Stranger;
  readonly listener: RegisterConnectionListener;
}

/**
 * One peer of a Register: a gateway, a worker, both (as our nodes are), or a GatewayClient, which asks as a worker does, reads
 * one line and hangs up.
 */
export class RegisterConnection {
  /** The peer's IP address. */
  readonly remoteAddress: string;
  readonly #socket: Socket;
  readonly #options: RegisterConnectionOptions;
  readonly #lines = new LineReader({
    limit: MAX_REGISTER_REQUEST,
    source: 'a connection to the Register',
    code: 'GW_REGISTER_LINE',
  });
  #introduced = false;
  /** Ends the connection: a stranger that says nothing, or later a peer that has fallen silent. */
  #deadline: Timer;
  #windowEnd = 0;
  #linesInWindow = 0;
  /** Whether a list could not be sent, since the peer had not read the one before. */
  #behind = false;

  constructor(socket: Socket, options: RegisterConnectionOptions) {
    this.#socket = socket;
    this.#options = options;
    this.remoteAddress = socket.remoteAddress ?? 'unknown';
    this.#deadline = options.clock.setTimeout(
      () => this.#refuse('introduction-timeout', `said nothing valid within ${INTRODUCTION_TIME / 1000} s`),
      INTRODUCTION_TIME,
    );
    // finds a peer that was lost before its first ping, or that never pings: PHP's do not when they connect to 127.0.0.1
    socket.setKeepAlive(true, REGISTER_PING_INTERVAL);
    socket.on('data', (chunk) => this.#read(chunk));
    socket.on('drain', () => this.#caughtUp());
    socket.on('error', () => {}); // `close` follows, and a peer that goes needs no reason
    socket.on('close', () => {
      this.#deadline.cancel();
      options.listener.ended(this);
    });
  }

  /** Sends the list of gateways; a peer that does not read gets the newest one once it does, and those between never. */
  send(list: Buffer): void {
    if (this.#socket.writableNeedDrain) this.#behind = true;
    else this.#socket.write(list);
  }

  /** Closes the connection at once. */
  destroy(): void {
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    try {
      for (const line of this.#lines.push(chunk)) {
        if (this.#socket.destroyed) return;
        this.#handle(line);
      }
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      this.#refuse('bad-line', `sent what the Register does not understand. ${error.message}`);
    }
  }

  #handle(line: string): void {
    if (this.#floods()) {
      const seconds = WINDOW_MILLISECONDS / 1000;
      this.#refuse('flood', `sent more than ${LINES_PER_WINDOW} lines within ${seconds} s`);
      return;
    }
    const message = parseRegisterLine(line);
    if (message.event === 'broadcast_addresses') {
      this.#refuse('bad-line', 'sent broadcast_addresses, which only a Register says');
      return;
    }
    if (this.#introduced) this.#expectNext();
    // any key but the right one is a wrong one; a ping shows none, and so does not stop the clock of a stranger
    if (message.event === 'ping') return;
    if (!this.#options.key.matches(message.secretKey)) {
      this.#refuse('wrong-key', 'has another secret key; cluster.secretKey is the same word on all nodes');
      return;
    }
    if (!this.#introduced) {
      this.#introduced = true;
      this.#options.stranger.introduced();
      this.#deadline.cancel();
    }
    if (message.event === 'gateway_connect') this.#options.listener.announced(this, message.address);
    else this.#options.listener.asked(this);
  }

  /** Who has spoken after the introduction speaks at intervals, and is gone when it stops. */
  #expectNext(): void {
    const limit = SILENT_PINGS * REGISTER_PING_INTERVAL;
    this.#deadline.cancel();
    this.#deadline = this.#options.clock.setTimeout(
      () => this.#refuse('silent', `has been silent for ${limit / 1000} s`),
      limit,
    );
  }

  #floods(): boolean {
    const now = this.#options.clock.now();
    if (now >= this.#windowEnd) {
      this.#windowEnd = now + WINDOW_MILLISECONDS;
      this.#linesInWindow = 0;
    }
    return ++this.#linesInWindow > LINES_PER_WINDOW;
  }

  #caughtUp(): void {
    if (!this.#behind) return;
    this.#behind = false;
    this.#options.listener.asked(this);
  }

  #refuse(kind: string, problem: string): void {
    this.#deadline.cancel();
    this.#socket.destroy();
    this.#options.listener.refused(this, kind, problem);
  }
}
