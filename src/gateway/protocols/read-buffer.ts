import { Socket, type SocketConstructorOpts, type TcpSocketConnectOpts } from 'node:net';

/*
 * Node makes a buffer for everything that it reads from a socket, and hands it on as a stream's chunk. It can also read
 * into one buffer that it is given, which costs neither (`onread`, https://nodejs.org/api/net.html#new-netsocketoptions:
 * a tenth of what an echo costs the main thread), but takes that option only where a socket is made, and the sockets that
 * come in are made by its server. So they are given here what the option would have given them.
 */

/** What `onread` sets on a socket, and how a handle is told. */
interface Handle {
  useUserBuffer?(buffer: Buffer): void;
}

/** As long as the longest read of Node's own. One for all: what was read is used before the next read. */
const readBuffer = Buffer.allocUnsafeSlow(65_536);

const options: SocketConstructorOpts & Pick<TcpSocketConnectOpts, 'onread'> = {
  onread: { buffer: readBuffer, callback: () => true },
};
/** The handles of TCP connections and unix sockets. */
const PLAIN: ReadonlySet<string> = new Set(['TCP', 'Pipe']);

const symbols = Object.getOwnPropertySymbols(new Socket(options));
const BUFFER = symbols.find(({ description }) => description === 'kBuffer');
const CALLBACK = symbols.find(({ description }) => description === 'kBufferCb');

/**
 * From now on what a connection without TLS brings is not a stream's `data`: `onRead` is called on the socket, with bytes
 * that are valid during that call only. Everything else about the socket stays as it is.
 *
 * @param onRead returns whether to go on reading
 * @returns false where this cannot be had: with TLS, or with a Node that has changed within. `data` comes as ever then
 */
export function readIntoBuffer(
  socket: Socket,
  onRead: (this: Socket, length: number, buffer: Buffer) => boolean,
): boolean {
  const { _handle: handle } = socket as unknown as { _handle: Handle | null };
  if (handle === null || !PLAIN.has(handle.constructor.name)) return false;
  if (typeof handle.useUserBuffer !== 'function') return false;
  if (BUFFER === undefined || CALLBACK === undefined) return false;
  Object.assign(socket, { [BUFFER]: readBuffer, [CALLBACK]: onRead });
  handle.useUserBuffer(readBuffer);
  return true;
}
