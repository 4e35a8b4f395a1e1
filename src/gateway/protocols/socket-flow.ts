import type { Socket } from 'node:net';
import type { Clock, Timer } from '../../clock.js';
import { CLOSE_TIMEOUT } from './timeouts.js';

/*
 * How far a TCP connection has come, below TLS where there is TLS: a part of a record counts, as a part of a message does.
 * A socket's own numbers count a write as done only when all of it is; its handle knows better, and Node's timeouts of
 * sockets look there as well. Where a handle is not as expected, the socket's own numbers stand in.
 */

/** What is known of a handle, and of the one below it with TLS. */
interface Handle {
  readonly fd?: number;
  readonly bytesRead?: number;
  readonly bytesWritten?: number;
  readonly writeQueueSize?: number;
  readonly _parent?: Handle;
}

function handleOf(socket: Socket): Handle | undefined {
  const { _handle: handle } = socket as unknown as { _handle: Handle | null };
  return handle?._parent ?? handle ?? undefined;
}

/** Bytes that have come in. */
export function receivedBytes(socket: Socket): number {
  return handleOf(socket)?.bytesRead ?? socket.bytesRead;
}

/** Bytes that the operating system has taken of what was written. It may hold megabytes of them that the peer has not. */
export function takenBytes(socket: Socket): number {
  const handle = handleOf(socket);
  if (handle?.bytesWritten === undefined || handle.writeQueueSize === undefined) {
    return socket.bytesWritten - socket.writableLength;
  }
  return handle.bytesWritten - handle.writeQueueSize;
}

/** Whether the operating system takes no more for now, since the peer takes too little. */
export function isFull(socket: Socket): boolean {
  return (handleOf(socket)?.writeQueueSize ?? socket.writableLength) > 0;
}

/** The file descriptor; -1 where there is none. */
export function descriptor(socket: Socket): number {
  return handleOf(socket)?.fd ?? -1;
}

/** Destroys a socket that was ended, CLOSE_TIMEOUT after the peer has last taken something. */
export function giveTime(socket: Socket, clock: Clock): Timer {
  let taken = takenBytes(socket);
  const look = (): void => {
    const before = taken;
    taken = takenBytes(socket);
    if (taken > before && isFull(socket)) timer = clock.setTimeout(look, CLOSE_TIMEOUT);
    else socket.destroy();
  };
  let timer = clock.setTimeout(look, CLOSE_TIMEOUT);
  return { cancel: () => timer.cancel() };
}
