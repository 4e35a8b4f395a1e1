import { connect } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { LIMIT } from './inbox.js';

/**
 * Sends these bytes, in one write, and closes its side right behind them, as `printf … | nc -N` does.
 *
 * @returns everything that comes back until the far end closes its side; rejects when that does not happen
 */
export function sendAndEnd(url: string, bytes: string | Buffer): Promise<Buffer> {
  return exchange(url, bytes, true);
}

/** The same by a client that leaves its side open. */
export function sendAndWait(url: string, bytes: string | Buffer): Promise<Buffer> {
  return exchange(url, bytes, false);
}

async function exchange(url: string, bytes: string | Buffer, end: boolean): Promise<Buffer> {
  const { hostname: host, port, protocol } = new URL(url);
  const options = { host, port: Number(port), allowHalfOpen: true, rejectUnauthorized: false };
  const socket = /^(wss|https):$/.test(protocol)
    ? connectTls(options as ConnectionOptions)
    : connect(options);
  const chunks: Buffer[] = [];
  try {
    await new Promise<void>((resolve, reject) => {
      const late = (): void => reject(new Error(`No end came; so far: ${Buffer.concat(chunks).toString()}`));
      const timer = setTimeout(late, LIMIT);
      socket.on('data', (chunk: Buffer) => chunks.push(chunk));
      socket.on('error', reject);
      socket.on('end', () => {
        clearTimeout(timer);
        resolve();
      });
      if (end) socket.end(bytes);
      else socket.write(bytes);
    });
    return Buffer.concat(chunks);
  } finally {
    socket.destroy();
  }
}
