import type { IncomingHttpHeaders } from 'node:http';
import { type Socket, SocketAddress, isIPv4, isIPv6 } from 'node:net';
import { TLSSocket } from 'node:tls';
import { plainAddress } from '../../net/address.js';

/** Who is at the far end of a connection: where a proxy stands in between, whom it speaks for. */
export interface Sender {
  /** As {@link plainAddress} gives it. */
  readonly address: string;
  /** 0 where the proxy does not say. */
  readonly port: number;
  /** Whether the connection comes in with TLS: here, or at the proxy. */
  readonly secure: boolean;
}

/** How a listener learns who its senders are. */
export interface SenderSource {
  /** @param headers of the request, where there is one */
  senderOf(socket: Socket, headers?: IncomingHttpHeaders): Sender;
}

/** For connections without a proxy: whoever they come from. */
export function directSender(socket: Socket): Sender {
  const { remoteAddress, remotePort = 0 } = socket;
  return { address: plainAddress(remoteAddress), port: remotePort, secure: socket instanceof TLSSocket };
}

/** An address as somebody has written it, in the one way that it is written everywhere here; '' for what is none. */
export function addressOf(text: string): string {
  if (isIPv4(text)) return text;
  // a zone, as in fe80::1%eth0, is a part of one machine only
  if (!isIPv6(text) || text.includes('%')) return '';
  return plainAddress(new SocketAddress({ address: text, family: 'ipv6' }).address);
}
