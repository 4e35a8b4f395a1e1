import { once } from 'node:events';
import { type RawData, WebSocket } from 'ws';
import { LIMIT } from './inbox.js';
import { connectSocketIo } from './socket-io-client.js';

/** How the numbered messages of a client travel, and what comes back. */
export interface ChaosWire {
  /** Called with each answer, `NUMBER COUNT REST`, and each greeting. */
  onMessage: (message: string) => void;
  onClose: () => void;
  send(number: number, message: string): void;
  close(): Promise<void>;
}

/** @param index of the client */
export type ConnectWire = (url: string, index: number) => Promise<ChaosWire>;

/** Messages as they are, to test/fixtures/events/chaos. */
export async function plainWire(url: string): Promise<ChaosWire> {
  const socket = new WebSocket(url, { perMessageDeflate: false });
  const wire: ChaosWire = {
    onMessage: () => {},
    onClose: () => {},
    send: (_, message) => socket.send(message),
    close: async () => {
      const closed = once(socket, 'close');
      socket.close();
      await closed;
    },
  };
  socket.on('message', (data: RawData) => wire.onMessage((data as Buffer).toString()));
  socket.on('close', () => wire.onClose());
  // shows as the close that follows
  socket.on('error', () => {});
  await once(socket, 'open', { signal: AbortSignal.timeout(LIMIT) });
  return wire;
}

/** Requests of the official client of Socket.IO, to test/fixtures/events/chaos-requests. One client of four stays with polling. */
export async function socketIoWire(url: string, index: number): Promise<ChaosWire> {
  const transports = [index % 4 === 0 ? 'polling' : 'websocket'];
  const socket = await connectSocketIo(url, { transports, reconnection: false });
  const wire: ChaosWire = {
    onMessage: () => {},
    onClose: () => {},
    send: (number, message) => {
      socket.emit('work', message, (answer: string) => wire.onMessage(`${number} ${answer}`));
    },
    close: async () => {
      socket.disconnect();
      await Promise.resolve();
    },
  };
  socket.on('message', (greeting: string) => wire.onMessage(greeting));
  socket.on('disconnect', () => wire.onClose());
  return wire;
}
