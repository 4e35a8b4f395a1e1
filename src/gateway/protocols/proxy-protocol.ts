import type { Server, Socket } from 'node:net';
import type { Clock } from '../../base/clock.js';
import { plainAddress } from '../../net/address.js';
import { InputBuffer } from './input-buffer.js';
import type { ClientHost } from './protocol.js';
import { parseProxyHeader } from './proxy-header.js';
import { type Sender, type SenderSource, directSender } from './sender.js';
import { PROXY_TIMEOUT } from './timeouts.js';
import type { TrustedProxies } from './trusted-proxies.js';

/** Where a connection with TLS has the one below it. */
const BELOW = '_parent';

/**
 * A listener's connections that begin with a header of the PROXY protocol. It is read before the listener's server knows of
 * the connection, which then goes on as if there were no proxy.
 */
export class ProxyProtocol implements SenderSource {
  readonly #trusted: TrustedProxies;
  readonly #host: ClientHost;
  readonly #clock: Clock;
  /** Whom headers have named, by the connection as it came in. */
  readonly #senders = new WeakMap<Socket, Sender>();

  constructor(trusted: TrustedProxies, host: ClientHost, clock: Clock) {
    this.#trusted = trusted;
    this.#host = host;
    this.#clock = clock;
  }

  /** To be called once the server has its listeners. */
  guard(server: Server): void {
    const listeners = server.rawListeners('connection');
    server.removeAllListeners('connection');
    server.on('connection', (socket: Socket) => {
      this.#receive(socket, () => {
        for (const listener of listeners) Reflect.apply(listener, server, [socket]);
      });
    });
  }

  senderOf(socket: Socket): Sender {
    const { [BELOW]: below } = socket as { [BELOW]?: Socket | null };
    const direct = directSender(socket);
    const sender = this.#senders.get(below ?? socket);
    return sender === undefined ? direct : { ...sender, secure: direct.secure };
  }

  #receive(socket: Socket, accept: () => void): void {
    const proxy = plainAddress(socket.remoteAddress);
    socket.on('error', ignore);
    if (!this.#trusted.has(proxy)) {
      const remedy =
        'only the addresses in gateway.trustedProxies may come in where proxy is "proxy-protocol"';
      this.#refuse(
        socket,
        proxy,
        'untrusted',
        `A connection from ${proxy}, which is no trusted proxy: ${remedy}.`,
      );
      return;
    }
    const input = new InputBuffer();
    const timer = this.#clock.setTimeout(() => {
      const found = `${input.length} bytes of a PROXY header after ${PROXY_TIMEOUT / 1000} seconds`;
      this.#refuse(socket, proxy, 'late', `${found}: does the proxy send one?`);
    }, PROXY_TIMEOUT);
    const read = (): void => {
      for (let chunk = readFrom(socket); chunk !== null; chunk = readFrom(socket)) input.append(chunk);
      if (input.length === 0) return;
      const header = parseProxyHeader(input.view());
      if (header === undefined) return;
      if (typeof header === 'string') {
        this.#refuse(
          socket,
          proxy,
          'malformed',
          `A connection whose PROXY header cannot be read: ${header}.`,
        );
        return;
      }
      timer.cancel();
      socket.off('readable', read).off('end', end).off('close', cancel).off('error', ignore);
      input.take(header.length);
      if (input.length > 0) socket.unshift(input.view());
      const { address, port } = header;
      if (address !== '') this.#senders.set(socket, { address, port, secure: false });
      accept();
    };
    const end = (): void => {
      // a health check opens a connection, and closes it
      if (input.length === 0) socket.destroy();
      else this.#refuse(socket, proxy, 'malformed', `A connection that ended within its PROXY header.`);
    };
    const cancel = (): void => timer.cancel();
    socket.on('readable', read).on('end', end).on('close', cancel);
  }

  #refuse(socket: Socket, from: string, kind: string, message: string): void {
    socket.destroy();
    this.#host.refused(`proxy ${kind}`, from, message);
  }
}

/** A reset: `close` follows. */
function ignore(): void {}

function readFrom(socket: Socket): Buffer | null {
  return socket.read() as Buffer | null;
}
