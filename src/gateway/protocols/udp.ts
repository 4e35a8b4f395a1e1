import { isUtf8 } from 'node:buffer';
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import type { Timer } from '../../base/clock.js';
import { plainAddress } from '../../net/address.js';
import type { ListenerContext } from './listener-context.js';
import type { Listener } from './protocol.js';
import { PATIENCE } from './timeouts.js';
import { type UdpSender, UdpConnection } from './udp-connection.js';

/** A UDP port. Each address that sends something is a client, until it has been silent for `udpIdleTimeout`. */
export async function openUdpListener(context: ListenerContext): Promise<Listener> {
  const { host, port } = context.address;
  const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4');
  socket.bind({ address: host, port });
  await once(socket, 'listening').catch((cause: unknown) => {
    socket.close();
    throw context.failure(cause);
  });
  context.port = socket.address().port;
  return new UdpListener(context, socket);
}

class UdpListener implements Listener, UdpSender {
  readonly context: ListenerContext;
  readonly #socket: Socket;
  readonly #clients = new Map<string, UdpConnection>();
  readonly #sweep: Timer;
  #sending = 0;
  #closing = false;
  #closed: Promise<unknown> | undefined;

  constructor(context: ListenerContext, socket: Socket) {
    this.context = context;
    this.#socket = socket;
    const { host, clock, options } = context;
    this.#sweep = clock.setInterval(() => this.#forgetSilent(), (options.udpIdleTimeout * 1000) / 4);
    socket.on('message', (data, from) => this.#receive(data, from));
    socket.on('error', (error) => host.refused('udp socket', '', error.message));
  }

  async close(): Promise<void> {
    if (this.#closed === undefined) {
      this.#closing = true;
      this.#sweep.cancel();
      this.#closed = once(this.#socket, 'close');
      for (const client of this.#clients.values()) client.close();
      if (this.#sending === 0) this.#socket.close();
    }
    await this.#closed;
  }

  send(bytes: Buffer, port: number, address: string, done: () => void): void {
    this.#sending++;
    const sent = (): void => {
      this.#sending--;
      done();
      if (this.#closing && this.#sending === 0) this.#socket.close();
    };
    try {
      this.#socket.send(bytes, port, address, sent);
    } catch (error) {
      this.context.host.refused('udp send', plainAddress(address), (error as Error).message);
      sent();
    }
  }

  forget(client: UdpConnection): void {
    this.#clients.delete(client.key);
  }

  #receive(data: Buffer, from: RemoteInfo): void {
    // nobody: RFC 768 allows a sender to have no port, and nothing can be sent to it
    if (from.port === 0) return;
    const { host, clock, maxPackageSize } = this.context;
    this.context.bytesIn += data.length;
    const key = `${from.address} ${from.port}`;
    let client = this.#clients.get(key);
    if (client === undefined) {
      if (this.#closing || this.context.admits(plainAddress(from.address)) !== 'welcome') return;
      client = new UdpConnection(this.context, this, key, from);
      this.#clients.set(key, client);
      host.opened(client);
    }
    if (client.ended) return;
    client.lastSeen = clock.now();
    if (data.length > maxPackageSize) {
      client.ended = true;
      const message = `A datagram of ${data.length} bytes; maxPackageSize is ${maxPackageSize}.`;
      host.refused('udp too long', client.remoteAddress, message);
      host.ended(client, PATIENCE.half);
    } else if (client.open) host.message(client, data, !isUtf8(data));
  }

  #forgetSilent(): void {
    const { clock, options } = this.context;
    const oldest = clock.now() - options.udpIdleTimeout * 1000;
    for (const client of this.#clients.values()) if (client.lastSeen < oldest) client.close();
  }
}
