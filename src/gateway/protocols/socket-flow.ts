import type { Socket } from 'node:net';
import type { Clock, Timer } from '../../base/clock.js';
import type { Flow } from './protocol.js';
import { CLOSE_TIMEOUT } from './timeouts.js';

/*
 * How far a TCP connection has come, below TLS where there is TLS: a part of a record counts, as a part of a message does.
 * A socket's own numbers count a write as done only when all of it is; its handle knows better, and Node's timeouts of
 * sockets look there as well. Where a handle is not as expected, the socket's own numbers stand in.
 */

const PARENT = '_parent';

/** What is known of a handle, and of the one below it with TLS. */
interface Handle {
  readonly fd?: number;
  readonly bytesRead?: number;
  readonly bytesWritten?: number;
  readonly writeQueueSize?: number;
  /** With TLS: the connection's own. */
  readonly [PARENT]?: Handle;
}

/** The flow of a socket. Made anew at each look: an idle client has none. */
export class SocketFlow implements Flow {
  readonly #socket: Socket;
  readonly #handle: Handle | undefined;

  constructor(socket: Socket) {
    const { _handle: handle } = socket as unknown as { _handle: Handle | null };
    this.#socket = socket;
    this.#handle = handle?.[PARENT] ?? handle ?? undefined;
  }

  get received(): number {
    return this.#handle?.bytesRead ?? this.#socket.bytesRead;
  }

  get taken(): number {
    const { bytesWritten, writeQueueSize } = this.#handle ?? {};
    if (bytesWritten !== undefined && writeQueueSize !== undefined) return bytesWritten - writeQueueSize;
    return this.#socket.bytesWritten - this.#socket.writableLength;
  }

  get full(): boolean {
    return (this.#handle?.writeQueueSize ?? this.#socket.writableLength) > 0;
  }

  get descriptor(): number {
    return this.#handle?.fd ?? -1;
  }
}

/** Destroys a socket that was ended, CLOSE_TIMEOUT after the peer has last taken something. */
export function giveTime(socket: Socket, clock: Clock): Timer {
  let { taken } = new SocketFlow(socket);
  const look = (): void => {
    const before = taken;
    const flow = new SocketFlow(socket);
    taken = flow.taken;
    if (taken > before && flow.full) timer = clock.setTimeout(look, CLOSE_TIMEOUT);
    else socket.destroy();
  };
  let timer = clock.setTimeout(look, CLOSE_TIMEOUT);
  return { cancel: () => timer.cancel() };
}
