import { isUtf8 } from 'node:buffer';
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import { type Clock, systemClock, type Timer } from '../../base/clock.js';
import type { ListenUrl } from '../../config/listen-url.js';
import { plainAddress } from '../../net/address.js';
import { OpenListenerContext } from './listener-context.js';
import { listenError } from './bind.js';
import type { ClientHost, Listener, ListenerContext, ListenerOptions } from './protocol.js';
import { PATIENCE } from './timeouts.js';
import { type UdpPort, UdpTransport } from './udp-transport.js';

/** A UDP port. Each address that sends something is a client, until it has been silent for `udpIdleTimeout`. */
export async function openUdpListener(
  options: ListenerOptions,
  address: ListenUrl,
  host: ClientHost,
): Promise<Listener> {
  const socket = createSocket(isIPv6(address.host) ? 'udp6' : 'udp4');
  socket.bind({ address: address.host, port: address.port });
  await once(socket, 'listening').catch((cause: unknown) => {
    socket.close();
    throw listenError(options.url, cause);
  });
  return new UdpListener(options, address, host, socket);
}

class UdpListener implements Listener, UdpPort {
  readonly context: ListenerContext;
  readonly host: ClientHost;
  readonly #socket: Socket;
  readonly #options: ListenerOptions;
  readonly #clients = new Map<string, UdpTransport>();
  readonly #clock: Clock;
  readonly #sweep: Timer;
  #sending = 0;
  #closing = false;
  #closed: Promise<unknown> | undefined;

  constructor(options: ListenerOptions, address: ListenUrl, host: ClientHost, socket: Socket) {
    this.context = new OpenListenerContext(address, options).opened(socket.address().port);
    this.host = host;
    this.#socket = socket;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#sweep = this.#clock.setInterval(() => this.#forgetSilent(), (options.udpIdleTimeout * 1000) / 4);
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
      this.host.refused('udp send', plainAddress(address), (error as Error).message);
      sent();
    }
  }

  forget(client: UdpTransport): void {
    this.#clients.delete(client.key);
  }

  #receive(data: Buffer, from: RemoteInfo): void {
    // nobody: RFC 768 allows a sender to have no port, and nothing can be sent to it
    if (from.port === 0) return;
    const key = `${from.address} ${from.port}`;
    let client = this.#clients.get(key);
    if (client === undefined) {
      if (this.#closing || this.host.admits() !== 'welcome') return;
      client = new UdpTransport(this, key, from);
      this.#clients.set(key, client);
      this.host.opened(client);
    }
    if (client.ended) return;
    client.lastSeen = this.#clock.now();
    const { maxPackageSize } = this.#options;
    if (data.length > maxPackageSize) {
      client.ended = true;
      const message = `A datagram of ${data.length} bytes; maxPackageSize is ${maxPackageSize}.`;
      this.host.refused('udp too long', client.remoteAddress, message);
      this.host.ended(client, PATIENCE.half);
    } else if (client.open) this.host.message(client, data, !isUtf8(data));
  }

  #forgetSilent(): void {
    const oldest = this.#clock.now() - this.#options.udpIdleTimeout * 1000;
    for (const client of this.#clients.values()) if (client.lastSeen < oldest) client.close();
  }
}
