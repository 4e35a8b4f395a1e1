import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import { type Sender, type SenderSource, addressOf, directSender } from './sender.js';
import type { TrustedProxies } from './trusted-proxies.js';

/** What one proxy says of where a request has come from. */
interface Hop {
  /** An address, perhaps with a port, or what a proxy writes in its place. */
  readonly from: string;
  readonly proto: string | undefined;
}

/**
 * Requests that come through proxies: X-Forwarded-For, which nearly all of them send, or without it Forwarded (RFC 7239).
 * Each proxy adds whom it has got the request from, and anybody may have sent the beginning. So the list is believed from
 * its end on, as long as whoever has added a hop is trusted.
 */
export class ForwardedHeaders implements SenderSource {
  readonly #trusted: TrustedProxies;

  constructor(trusted: TrustedProxies) {
    this.#trusted = trusted;
  }

  senderOf(socket: Socket, headers: IncomingHttpHeaders = {}): Sender {
    let sender = directSender(socket);
    for (const { from, proto } of hopsOf(headers).toReversed()) {
      if (!this.#trusted.has(sender.address)) break;
      const [, address = '', port = '0'] = (from.length > LONGEST_NODE ? null : NODE.exec(from)) ?? [];
      const known = addressOf(address.replace(/^\[|\]$/g, ''));
      // a proxy that does not know, or does not tell: who comes is as good as the proxy itself
      if (known === '') break;
      const secure = proto === undefined ? sender.secure : proto === 'https' || proto === 'wss';
      sender = { address: known, port: Math.min(Number(port), 65_535), secure };
    }
    return sender;
  }
}

/** Characters: more than the longest address with a port. */
const LONGEST_NODE = 64;
/** `1.2.3.4`, `1.2.3.4:5678`, `[2001:db8::1]:5678`, and without the brackets where no port follows. */
const NODE = /^([\d.]+|\[[\da-f:.]+\]|[\da-f:]+:[\da-f:.]*)(?::(\d{1,5}))?$/i;

/** A pair of Forwarded: `for=1.2.3.4`, `for="[2001:db8::1]:5678"`. */
const PAIR = /^\s*([a-z]+)=(?:"([^"]*)"|([^\s"]*))\s*$/i;

/** Farthest from here first. */
function hopsOf(headers: IncomingHttpHeaders): Hop[] {
  const forwardedFor = text(headers['x-forwarded-for']);
  if (forwardedFor !== '') {
    const [proto] = text(headers['x-forwarded-proto']).split(',');
    const first = proto === '' ? undefined : proto.trim().toLowerCase();
    return forwardedFor.split(',').map((from) => ({ from: from.trim(), proto: first }));
  }
  const forwarded = text(headers.forwarded);
  return forwarded === '' ? [] : forwarded.split(',').map(hopOf);
}

/** `for=1.2.3.4;proto=https`; neither a comma nor a semicolon is part of any address. */
function hopOf(element: string): Hop {
  const pairs = new Map<string, string>();
  for (const pair of element.split(';')) {
    const [, name = '', quoted, plain = ''] = PAIR.exec(pair) ?? [];
    pairs.set(name.toLowerCase(), quoted ?? plain);
  }
  return { from: pairs.get('for') ?? '', proto: pairs.get('proto')?.toLowerCase() };
}

function text(header: string | string[] | undefined): string {
  return Array.isArray(header) ? header.join(',') : (header ?? '');
}
