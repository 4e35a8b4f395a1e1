import type { RemoteInfo } from 'node:dgram';
import { plainAddress } from '../../net/address.js';
import type { ListenerContext } from './listener-context.js';
import type { ClientProtocol, Connection } from './protocol.js';

/** Bytes: the longest message that fits a datagram (65,535 less the headers of IPv4 and UDP). */
const MAX_DATAGRAM = 65_507;

/** One datagram is one message, both ways. */
export const udpProtocol: ClientProtocol = {
  name: 'udp',
  sharedEncoding: true,
  datagrams: true,
  encode: (message: Buffer) => message,
};

/** What the clients of one listener share: its socket. */
export interface UdpSender {
  /** `done`: the operating system has the datagram, or lost it, which is not told apart from being lost on the way. */
  send(bytes: Buffer, port: number, address: string, done: () => void): void;
  forget(client: UdpConnection): void;
}

/** A client of a UDP port: an address that something came from. There is no connection, so all that ends is our memory of it. */
export class UdpConnection implements Connection {
  readonly protocol: ClientProtocol = udpProtocol;
  readonly listener: ListenerContext;
  readonly remoteAddress: string;
  readonly remotePort: number;
  client: unknown = undefined;
  bytesIn = 0;
  bytesOut = 0;
  bufferedBytes = 0;
  readonly flow = undefined;
  /** What the listener finds this client by. */
  readonly key: string;
  /** Milliseconds, on the listener's clock. */
  lastSeen = 0;
  /** False after `close`. */
  open = true;
  /** Whether it sent what is forbidden: nothing more of it is taken. */
  ended = false;
  readonly #sender: UdpSender;
  /** As the socket wants it, which may be an IPv4 address mapped into IPv6. */
  readonly #address: string;

  constructor(listener: ListenerContext, sender: UdpSender, key: string, from: RemoteInfo) {
    this.listener = listener;
    this.#sender = sender;
    this.key = key;
    this.#address = from.address;
    this.remoteAddress = plainAddress(from.address);
    this.remotePort = from.port;
  }

  write(bytes: Buffer): void {
    if (!this.open) return;
    if (bytes.length > MAX_DATAGRAM) {
      const message = `A message of ${bytes.length} bytes cannot be sent: a datagram takes ${MAX_DATAGRAM}.`;
      this.listener.host.refused('udp send too long', this.remoteAddress, message);
      return;
    }
    this.bytesOut += bytes.length;
    this.bufferedBytes += bytes.length;
    this.#sender.send(bytes, this.remotePort, this.#address, () => {
      this.bufferedBytes -= bytes.length;
    });
  }

  /** UDP has no ping of its own: the gateway sends its `pingData` as a message. */
  ping(): void {}

  /** Without effect: all clients share one socket, and what is not read from it is lost. */
  pause(): void {}

  resume(): void {}

  close(): void {
    if (!this.open) return;
    this.open = false;
    this.#sender.forget(this);
    // not within close(), as with every other protocol
    process.nextTick(() => this.listener.host.closed(this));
  }

  finish(): void {
    if (this.ended) this.close();
  }

  destroy(): void {
    this.close();
  }
}
