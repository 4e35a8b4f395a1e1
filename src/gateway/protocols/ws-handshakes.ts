import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type Server, type ServerOptions, WebSocket, WebSocketServer } from 'ws';
import type { HandshakeGrant } from '../../wire/handshake-answer.js';
import { fieldLine } from './http-answer.js';

const NOTHING: HandshakeGrant = {};

/** What `ws` makes at the end of a handshake, in order to take over the socket: we do that ourselves. */
class UpgradedSocket extends WebSocket {
  setSocket(): void {}
}

type HandshakeServer = Server<typeof UpgradedSocket>;

/** The answer was 101. @param subprotocol that was agreed on; '' for none */
type OnUpgraded = (subprotocol: string) => void;

/** Answers 101, unless the client has gone. @param extensions that were agreed on, as a header's value */
export type Accept = (grant: HandshakeGrant, extensions?: string) => void;

/** Checks the handshakes of a listener, and answers those that are well: `ws` does both. What is not well is refused. */
export class WsHandshakes {
  readonly #subprotocols: readonly string[];
  readonly #onRefused: (error: Error, socket: Duplex, request: IncomingMessage) => void;
  readonly #server: HandshakeServer;
  /** For those that wait for their answer: what `ws` does for that costs each one, so that it is not asked of the others. */
  readonly #waiting: HandshakeServer;
  /** What becomes of the one that is being looked at, when nothing is wrong with it. */
  #onValid: (complete: (verified: boolean) => void) => void = ignore;
  /** Of the one that is being answered. */
  #grant = NOTHING;
  #extensions: string | undefined;

  /** @param subprotocols that there are @param onRefused one that is no handshake: it is not answered yet */
  constructor(
    subprotocols: readonly string[],
    onRefused: (error: Error, socket: Duplex, request: IncomingMessage) => void,
  ) {
    this.#subprotocols = subprotocols;
    this.#onRefused = onRefused;
    this.#server = this.#make();
    this.#waiting = this.#make((_: unknown, complete: (verified: boolean) => void) =>
      this.#onValid(complete),
    );
  }

  /** Answers one. */
  answer(
    request: IncomingMessage,
    socket: Socket,
    head: Buffer,
    extensions: string | undefined,
    onUpgraded: OnUpgraded,
  ): void {
    this.#extensions = extensions;
    hand(this.#server, request, socket, head, onUpgraded);
    this.#extensions = undefined;
  }

  /** Looks at one that is not to be answered yet. @param onValid nothing is wrong with it: when it may come in is said there */
  check(
    request: IncomingMessage,
    socket: Socket,
    head: Buffer,
    onValid: (accept: Accept) => void,
    onUpgraded: OnUpgraded,
  ): void {
    this.#onValid = (complete) =>
      onValid((grant, extensions) => {
        this.#grant = grant;
        this.#extensions = extensions;
        complete(true);
        this.#grant = NOTHING;
        this.#extensions = undefined;
      });
    hand(this.#waiting, request, socket, head, onUpgraded);
    this.#onValid = ignore;
  }

  #make(verifyClient?: ServerOptions['verifyClient']): HandshakeServer {
    const server: HandshakeServer = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      autoPong: false,
      WebSocket: UpgradedSocket,
      // what was granted, or the first that the client offers among those that there are; else none is claimed (RFC 6455, 4.2.2)
      handleProtocols: (offered) =>
        this.#grant.subprotocol ?? [...offered].find((name) => this.#subprotocols.includes(name)) ?? false,
      verifyClient,
    });
    server.on('wsClientError', this.#onRefused);
    server.on('headers', (lines) => {
      if (this.#grant.headers !== undefined) lines.push(...this.#grant.headers.map(fieldLine));
      if (this.#extensions !== undefined) lines.push(`Sec-WebSocket-Extensions: ${this.#extensions}`);
    });
    return server;
  }
}

/** Whether a websocket is among the protocols that a request would like to switch to (RFC 9110, 7.8). */
export function asksForWebsocket({ headers: { upgrade = '' } }: IncomingMessage): boolean {
  return isWebsocket(upgrade) || upgrade.split(',').some(isWebsocket);
}

function isWebsocket(protocol: string): boolean {
  return protocol.trim().toLowerCase() === 'websocket';
}

function hand(
  server: HandshakeServer,
  request: IncomingMessage,
  socket: Socket,
  head: Buffer,
  onUpgraded: OnUpgraded,
): void {
  const { headers } = request;
  // `ws` knows no list
  if (headers.upgrade?.toLowerCase() !== 'websocket') request.headers = { ...headers, upgrade: 'websocket' };
  server.handleUpgrade(request, socket, head, ({ protocol }) => onUpgraded(protocol));
}

function ignore(): void {}
