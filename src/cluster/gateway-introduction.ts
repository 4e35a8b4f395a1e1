import type { Socket } from 'node:net';
import type { Clock } from '../base/clock.js';
import { GatewayError } from '../base/errors.js';
import { type InnerTls, connectInner } from '../net/inner-socket.js';
import { type GatewayAddress, formatAddress, numberToIp } from '../wire/client-id.js';
import { Command, Flag, commandName } from '../wire/command.js';
import { HEADER_LENGTH, decodeFrame, emptyFrame, encodeFrame } from '../wire/frame.js';
import {
  INTEREST_FEATURE,
  NODE_FEATURE,
  type PeerIntroduction,
  ROUTE_FEATURE,
  encodeIntroduction,
  parseGatewayIntroduction,
} from '../wire/worker-connect.js';
import type { GatewayKind } from './gateway-carrier.js';
import { NODE_GATEWAY } from './node-carrier.js';
import { PHP_GATEWAY } from './php-carrier.js';

/*
 * How a worker slot and a gateway come together:
 *
 *   slot                                                    gateway
 *        --- GATEWAY_CLIENT_CONNECT {…, features} --->
 *        --- IS_ONLINE, for nobody ------------------>
 *        <-- WORKER_CONNECT {features, node} ---------      ours: the slot is its worker, and the query is answered later
 *        <-- 00 00 00 04 "i:0;" ----------------------      a PHP gateway, which knows no features: the slot is its client
 *
 * With WORKER_CONNECT instead, a PHP gateway would route clients to the slot at once, ready or not. A frame's length is 28
 * at least, so that the unframed answer cannot be taken for one.
 */

/** Milliseconds from the first packet to the answer. */
const LIMIT = 10_000;
/** Bytes of the longest answer. */
const MOST_BYTES = 64 * 1024;
const LENGTH_BYTES = 4;

export interface DialOptions {
  readonly introduction: PeerIntroduction;
  readonly tls: InnerTls | undefined;
  readonly clock: Clock;
  /** Gives up. */
  readonly signal: AbortSignal;
}

/** A gateway that answered. */
export interface Dialled {
  /** Paused. What came after the answer is still to be read from it. */
  readonly socket: Socket;
  readonly kind: GatewayKind;
  /** Its node's name; '' for a PHP gateway. */
  readonly node: string;
  /** Whether it sends clients to the workers that own their keys. */
  readonly routes: boolean;
  /** Whether it tells which uids and groups it has clients of. */
  readonly tellsInterest: boolean;
}

/** A gateway will not have this node. */
export class RefusedError extends GatewayError {}

/**
 * Connects to a gateway's inner port, and learns who is there.
 *
 * @throws RefusedError when another node has this one's name, GW_AUTH when it hangs up without an answer, GW_CLUSTER when it cannot be reached or is no gateway
 */
export async function dialGateway(address: GatewayAddress, options: DialOptions): Promise<Dialled> {
  return await new Introduction(address, options).answered;
}

class Introduction {
  readonly answered: Promise<Dialled>;
  readonly #name: string;
  readonly #socket: Socket;
  readonly #settle: (outcome: Dialled | GatewayError) => void;
  #connected = false;
  #received: Buffer = Buffer.alloc(0);
  #failure: Error | undefined;

  constructor(address: GatewayAddress, { introduction, tls, clock, signal }: DialOptions) {
    let onAnswer!: (dialled: Dialled) => void;
    let onFailure!: (error: GatewayError) => void;
    this.answered = new Promise((resolve, reject) => {
      onAnswer = resolve;
      onFailure = reject;
    });
    this.#name = formatAddress(address);
    const socket = connectInner({ host: numberToIp(address.ip), port: address.port }, tls, () => {
      this.#connected = true;
      socket.setNoDelay(true);
      socket.write(slotIntroduction(introduction));
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
    if (this.#received.length < LENGTH_BYTES) return;
    const length = this.#received.readUInt32BE();
    if (length < HEADER_LENGTH) {
      this.#unframed(LENGTH_BYTES + length);
      return;
    }
    if (this.#received.length === LENGTH_BYTES) return;
    const command = this.#received[LENGTH_BYTES];
    if (command !== Command.WORKER_CONNECT || length > MOST_BYTES) {
      this.#fail(
        'GW_CLUSTER',
        `${this.#name} answered with ${commandName(command)} of ${length} bytes; expected a gateway of GatewayWorker. Is it an inner port?`,
      );
    } else if (this.#received.length >= length) {
      this.#introduced(length);
    }
  }

  /** One of ours. */
  #introduced(length: number): void {
    try {
      const frame = decodeFrame(this.#received, undefined, 0, length);
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
      const routes = features.includes(ROUTE_FEATURE);
      this.#done(
        { kind: NODE_GATEWAY, node, routes, tellsInterest: features.includes(INTEREST_FEATURE) },
        length,
      );
    } catch (error) {
      this.#fail('GW_CLUSTER', (error as Error).message, error as Error);
    }
  }

  /** The answer to the query, as PHP gives it. */
  #unframed(length: number): void {
    if (this.#received.length >= length)
      this.#done({ kind: PHP_GATEWAY, node: '', routes: false, tellsInterest: false }, length);
  }

  /** What follows the answer is left to whoever takes over. */
  #done(gateway: Omit<Dialled, 'socket'>, length: number): void {
    const socket = this.#socket;
    socket.pause();
    if (this.#received.length > length) socket.unshift(this.#received.subarray(length));
    this.#settle({ socket, ...gateway });
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

function slotIntroduction(introduction: PeerIntroduction): Buffer {
  const connect = {
    ...emptyFrame(),
    command: Command.GATEWAY_CLIENT_CONNECT,
    flags: Flag.PLAIN_BODY,
    body: encodeIntroduction(introduction),
  };
  const query = { ...emptyFrame(), command: Command.IS_ONLINE, flags: Flag.PLAIN_BODY | Flag.REQUEST };
  return Buffer.concat([encodeFrame(connect), encodeFrame(query)]);
}
