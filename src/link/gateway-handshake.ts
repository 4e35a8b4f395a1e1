import type { Socket } from 'node:net';
import type { Clock } from '../clock.js';
import { GatewayError } from '../errors.js';
import { type InnerTls, connectInner } from '../inner-socket.js';
import { type GatewayAddress, formatAddress, numberToIp } from '../wire/client-id.js';
import { Command, Flag, commandName } from '../wire/command.js';
import { HEADER_LENGTH, decodeFrame, emptyFrame, encodeFrame } from '../wire/frame.js';
import {
  NODE_FEATURE,
  type PeerIntroduction,
  encodeIntroduction,
  parseGatewayIntroduction,
} from '../wire/worker-connect.js';

/*
 * How a worker slot and a gateway come together:
 *
 *   slot                                            gateway
 *        --- WORKER_CONNECT {…, features} --->
 *        --- IS_ONLINE, for nobody ---------->
 *        <-- WORKER_CONNECT {features, node} -      ours: nothing comes before it, and the answer to the query later
 *        <-- 00 00 00 04 "i:0;" --------------      a PHP gateway, which knows no features: perhaps after some events
 *
 * A PHP gateway routes clients to a worker from its WORKER_CONNECT on. A slot that is not ready asks as a client first:
 *
 *        --- GATEWAY_CLIENT_CONNECT {…} ----->      where there is a key
 *        --- IS_ONLINE, for nobody ---------->
 *        <-- REPLY --------------------------       ours
 *        <-- 00 00 00 04 "i:0;" --------------      a PHP gateway
 *
 * A frame's length is 28 at least, so that the unframed answer cannot be taken for one.
 */

/** Milliseconds from the first packet to the answer. */
const LIMIT = 10_000;
/** Bytes that may come before it is known who is there. */
const MOST_BYTES = 64 * 1024 * 1024;
const LENGTH_BYTES = 4;

/** What a slot is to the gateway that it dials: a worker, which gets events, or a client, which may only command and ask. */
export type DialRole = 'worker' | 'client';

/** What a gateway may send up to its answer. */
const EXPECTED: Readonly<Record<DialRole, ReadonlySet<number>>> = {
  worker: new Set([
    Command.WORKER_CONNECT,
    Command.ON_CONNECT,
    Command.ON_MESSAGE,
    Command.ON_CLOSE,
    Command.ON_WEBSOCKET_CONNECT,
    Command.PING,
  ]),
  client: new Set([Command.REPLY]),
};

export interface DialOptions {
  readonly role: DialRole;
  readonly introduction: PeerIntroduction;
  readonly tls: InnerTls | undefined;
  readonly clock: Clock;
  /** Gives up. */
  readonly signal: AbortSignal;
}

/** A gateway that answered. */
export interface Dialled {
  /** Paused. What came after the answer, and events that came before it, are still to be read from it. */
  readonly socket: Socket;
  /** As what it was dialled. */
  readonly role: DialRole;
  /** Whether it is a PHP gateway. */
  readonly legacy: boolean;
  /** Its node's name; '' for a PHP gateway, and to a client. */
  readonly node: string;
}

/** A gateway will not have this node. */
export class RefusedError extends GatewayError {}

/**
 * Connects to a gateway's inner port, and learns who is there.
 *
 * @throws RefusedError when another node has this one's name, GW_AUTH when it hangs up without an answer, GW_CLUSTER when it cannot be reached or is no gateway
 */
export async function dialGateway(address: GatewayAddress, options: DialOptions): Promise<Dialled> {
  return await new Handshake(address, options).answered;
}

class Handshake {
  readonly answered: Promise<Dialled>;
  readonly #name: string;
  readonly #role: DialRole;
  readonly #socket: Socket;
  readonly #settle: (outcome: Dialled | GatewayError) => void;
  #connected = false;
  #received: Buffer = Buffer.alloc(0);
  #failure: Error | undefined;

  constructor(address: GatewayAddress, { role, introduction, tls, clock, signal }: DialOptions) {
    let onAnswer!: (dialled: Dialled) => void;
    let onFailure!: (error: GatewayError) => void;
    this.answered = new Promise((resolve, reject) => {
      onAnswer = resolve;
      onFailure = reject;
    });
    this.#name = formatAddress(address);
    this.#role = role;
    const socket = connectInner({ host: numberToIp(address.ip), port: address.port }, tls, () => {
      this.#connected = true;
      socket.setNoDelay(true);
      socket.write(introductionBytes(role, introduction));
    });
    this.#socket = socket;
    const abort = (): void => void socket.destroy();
    const timer = clock.setTimeout(() => this.#fail('GW_CLUSTER', this.#silence()), LIMIT);
    const onData = (chunk: Buffer): void => this.#receive(chunk);
    const onError = (error: Error): void => {
      this.#failure = error;
    };
    const onClose = (): void => this.#closed();
    this.#settle = (outcome) => {
      timer.cancel();
      signal.removeEventListener('abort', abort);
      socket.off('data', onData).off('close', onClose);
      if (outcome instanceof GatewayError) {
        socket.destroy();
        onFailure(outcome);
      } else {
        onAnswer(outcome);
      }
    };
    // the listener for errors stays: without one, an error would end the process
    socket.on('data', onData).on('error', onError).on('close', onClose);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort);
  }

  #receive(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    let at = 0;
    while (this.#received.length - at >= LENGTH_BYTES) {
      const length = this.#received.readUInt32BE(at);
      if (length < HEADER_LENGTH) {
        this.#unframed(at, LENGTH_BYTES + length);
        return;
      }
      if (this.#received.length - at <= LENGTH_BYTES) return;
      const command = this.#received[at + LENGTH_BYTES];
      const known = EXPECTED[this.#role].has(command);
      if (!known || length > MOST_BYTES || this.#received.length > MOST_BYTES) {
        const found = known ? `${Math.max(length, this.#received.length)} bytes` : commandName(command);
        this.#fail(
          'GW_CLUSTER',
          `${this.#name} answered with ${found}; expected a gateway of GatewayWorker. Is it an inner port?`,
        );
        return;
      }
      if (this.#received.length - at < length) return;
      if (command === Command.WORKER_CONNECT) {
        this.#introduced(at, length);
        return;
      }
      if (command === Command.REPLY) {
        this.#done(false, '', at, length);
        return;
      }
      at += length;
    }
  }

  /** One of ours. Nothing has come before. */
  #introduced(at: number, length: number): void {
    try {
      const frame = decodeFrame(this.#received, undefined, at, length);
      const { features, node, refusal } = parseGatewayIntroduction(frame.bodyText());
      if (refusal !== undefined) {
        this.#settle(new RefusedError('GW_CLUSTER', `${this.#name} (${node}) refuses this node: ${refusal}`));
        return;
      }
      if (!features.includes(NODE_FEATURE)) {
        this.#fail(
          'GW_CLUSTER',
          `${this.#name} (${node}) speaks ${features.join(', ') || 'nothing'}; this node needs ${NODE_FEATURE}. Bring both to the same version.`,
        );
        return;
      }
      this.#done(false, node, at, length);
    } catch (error) {
      this.#fail('GW_CLUSTER', (error as Error).message, error as Error);
    }
  }

  /** The answer to the query, as PHP gives it. */
  #unframed(at: number, length: number): void {
    if (this.#received.length - at >= length) this.#done(true, '', at, length);
  }

  /** What lies around the answer is left to whoever takes over. */
  #done(legacy: boolean, node: string, at: number, length: number): void {
    const socket = this.#socket;
    socket.pause();
    const rest = Buffer.concat([this.#received.subarray(0, at), this.#received.subarray(at + length)]);
    if (rest.length > 0) socket.unshift(rest);
    this.#settle({ socket, role: this.#role, legacy, node });
  }

  #closed(): void {
    const why = this.#failure?.message;
    if (!this.#connected) {
      this.#fail('GW_CLUSTER', `${this.#name} cannot be reached: ${why ?? 'given up'}.`);
    } else {
      this.#fail(
        'GW_AUTH',
        `${this.#name} hung up without an answer${why === undefined ? '' : ` (${why})`}. Is it a gateway's inner port, and has it the same cluster.secretKey?`,
      );
    }
  }

  #silence(): string {
    return this.#connected
      ? `${this.#name} has not answered within ${LIMIT / 1000} s; expected a gateway of GatewayWorker. Is it an inner port?`
      : `${this.#name} cannot be reached: no connection within ${LIMIT / 1000} s.`;
  }

  #fail(code: 'GW_AUTH' | 'GW_CLUSTER', message: string, cause?: Error): void {
    this.#settle(new GatewayError(code, message, { cause: cause ?? this.#failure }));
  }
}

function introductionBytes(role: DialRole, introduction: PeerIntroduction): Buffer {
  const connect = {
    ...emptyFrame(),
    command: role === 'worker' ? Command.WORKER_CONNECT : Command.GATEWAY_CLIENT_CONNECT,
    flags: Flag.PLAIN_BODY,
    body: encodeIntroduction(introduction),
  };
  const query = { ...emptyFrame(), command: Command.IS_ONLINE, flags: Flag.PLAIN_BODY | Flag.REQUEST };
  return Buffer.concat([encodeFrame(connect), encodeFrame(query)]);
}
