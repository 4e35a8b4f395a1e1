import { once } from 'node:events';
import { type ManagerOptions, type Socket, type SocketOptions, io } from 'socket.io-client';
import { LIMIT } from './inbox.js';

type Listener = (...values: unknown[]) => void;

/** Resolves with what the next event of this name carries. @param failure the event that rejects with its error instead */
export async function nextEvent(socket: Socket, event: string, failure?: string): Promise<unknown[]> {
  return await new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Error(`A client of Socket.IO waited ${LIMIT / 1000} s in vain for ${event}.`));
    }, LIMIT);
    socket.once(event, ((...values) => {
      clearTimeout(timer);
      resolve(values);
    }) satisfies Listener);
    if (failure === undefined) return;
    socket.once(failure, (error: Error) => {
      clearTimeout(timer);
      reject(error);
    });
  });
}

/** The official client, connected. @param url of the node's listener, with the namespace behind it */
export async function connectSocketIo(
  url: string,
  options: Partial<ManagerOptions & SocketOptions> = {},
): Promise<Socket> {
  const socket = io(url.replace(/^ws/, 'http'), { forceNew: true, ...options });
  await nextEvent(socket, 'connect', 'connect_error');
  return socket;
}

/** Resolves when its engine has gone over to a websocket. */
export async function upgraded({ io: manager }: Socket): Promise<void> {
  const { engine } = manager;
  if (engine.transport.name === 'websocket') return;
  await once(engine as unknown as EventTarget & NodeJS.EventEmitter, 'upgrade', {
    signal: AbortSignal.timeout(LIMIT),
  });
}
