import type { IncomingHttpHeaders } from 'node:http';
import type { ClientCertificate } from '../../wire/handshake.js';
import type { HandshakeGrant, HandshakeRefusal } from '../../wire/handshake-answer.js';
import type { WebAnswer } from '../../wire/web-request.js';
import type { ListenerContext } from './listener-context.js';

/**
 * How messages look on a client's connection. One object serves every client that speaks it, so that a broadcast is
 * encoded once per protocol and not once per client.
 */
export interface ClientProtocol {
  /** `ws`, `text`, `frame`, `tcp`, `udp`, or the file name of a user's module. */
  readonly name: string;
  /** Whether {@link encode} gives the same bytes for every client. A user's module may look at the connection. */
  readonly sharedEncoding: boolean;
  /**
   * Where a protocol does not encode such messages in a way of its own: the one that encodes them the same, so that the clients
   * of both share the bytes.
   *
   * @param length in bytes, @param flags of the message
   */
  sameAs?(length: number, flags: number): ClientProtocol;
  /** Set where one write is one message (udp): whoever gathers the messages of a tick must not join them. */
  readonly datagrams?: true;
  /** Set where its connections have a heartbeat of their own. */
  readonly ownHeartbeat?: true;
  /** A message as the bytes that go out. `binary`: it came as bytes, not as a string. May return `message` itself. */
  encode(message: Buffer, binary: boolean, connection: Connection): Buffer;
  /**
   * A message with a name, where that does not go out as its text does: `wire/named-message.ts`, with `binary`
   * `wire/named-bytes.ts`. As {@link encode} in all else.
   */
  encodeNamed?(message: Buffer, binary: boolean, connection: Connection): Buffer;
}

/** How far a connection has come, down to single bytes. Looked at now and then, so that no message costs anything. */
export interface Flow {
  /** Bytes that have come in, those of messages that are not whole yet included. */
  readonly received: number;
  /** Bytes that the operating system has taken of what was written. It may hold megabytes of them that the client has not. */
  readonly taken: number;
  /** Whether the operating system takes no more for now, since the client takes too little. */
  readonly full: boolean;
  /** The file descriptor; -1 where there is none. */
  readonly descriptor: number;
}

/** One client's connection, as its listener gives it to the gateway. Every call is allowed after the end, and does nothing. */
export interface Connection {
  readonly protocol: ClientProtocol;
  /** As text; an IPv4 address mapped into IPv6 is given as IPv4. */
  readonly remoteAddress: string;
  readonly remotePort: number;
  /** The listener that the client came in by. */
  readonly listener: ListenerContext;
  /** Bytes that came from the client, and that went to it, framing included. */
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Bytes that were written and not yet taken by the operating system. */
  readonly bufferedBytes: number;
  /** What shows that the other end lives; with udp, where nothing but a message does, nothing. */
  readonly flow: Flow | undefined;
  /** The gateway's own record of this client, set in `opened`. */
  client: unknown;
  /** It is in, which it is told in the protocol's own way, before anything else. @param id its client id */
  greet?(id: string): void;
  /**
   * Writes bytes that are encoded already: at most once per tick and client, but for a protocol of datagrams. They may
   * change as soon as {@link bufferedBytes} is 0.
   */
  write(bytes: Buffer): void;
  /** Asks for a sign of life in the protocol's own way, where it has one (a websocket ping). */
  ping(): void;
  /**
   * Stops and goes on reading. A message that was already read when pause is called may still arrive, even before
   * `resume`. Neither the end of a paused connection nor a pong shows before it is resumed. Without effect with udp,
   * whose clients share one socket.
   */
  pause(): void;
  resume(): void;
  /**
   * Lets out what was written, then closes, in the protocol's own way. No message comes any more; `closed` does,
   * within seconds if the client does nothing, and as soon as it has taken everything otherwise. `code` (default 1000) and `reason` (at most 123 bytes) are a websocket's.
   */
  close(code?: number, reason?: string): void;
  /**
   * After `ended`: everything that the client sent has been answered. Lets out what was written and closes, with the code
   * that its end demands. Without effect before `ended`.
   */
  finish(): void;
  /** Closes at once; what was written may be lost. */
  destroy(): void;
}

/** The HTTP request that a websocket began with. */
export interface HandshakeRequest {
  /** Path and query: `/chat?room=1`. */
  readonly url: string;
  readonly method: string;
  readonly httpVersion: string;
  readonly headers: IncomingHttpHeaders;
  /** The one that was agreed on; '' for none. */
  readonly subprotocol: string;
  /** What the client has shown to be, where it has. */
  readonly certificate?: ClientCertificate | undefined;
  /** Of Socket.IO: what it asks for. */
  readonly namespace?: string;
  /** Of Socket.IO: what it gives for its authentication, as JSON; missing for nothing. */
  readonly auth?: string;
}

/** A websocket that asks to come in, while its handshake is not answered. */
export interface Arrival {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly listener: ListenerContext;
  /** Path and query: `/chat?room=1`. */
  readonly url: string;
  /** The request, as workers are given it (wire/handshake.ts). */
  readonly request: Buffer;
  /** What its client will have as its connection id: set by the host. */
  id: number;
  /**
   * Answers 101.
   *
   * @returns its connection; undefined when the client has gone meanwhile
   */
  welcome(grant: HandshakeGrant): { connection: Connection; handshake: HandshakeRequest } | undefined;
  /** Answers otherwise, and ends the connection. */
  refuse(refusal: HandshakeRefusal): void;
}

/** A plain HTTP request that the application is to answer. */
export interface HttpExchange {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly listener: ListenerContext;
  /** Path and query: `/login?a=1`. */
  readonly url: string;
  /** The request without its body, as workers are given it (wire/web-request.ts). */
  readonly head: string;
  /** What it is known by to workers: set by the host. */
  id: number;
  /** Its body, once: it is not kept. */
  takeBody(): Buffer;
  /** Without effect when the client has gone meanwhile. */
  answer(answer: WebAnswer): void;
}

/** `unavailable`: there has been no worker for a while. */
export type Health = 'ok' | 'stopping' | 'unavailable';

/** As {@link ClientHost.admits} has it; `crowded`, `hurried`: of one address there are too many, or they come too fast. */
export type Admission = 'welcome' | 'full' | 'unavailable' | 'crowded' | 'hurried';

/** What listeners report to: the gateway. */
export interface ClientHost {
  /** What the health check says; anything but `ok` is answered with status 503. */
  readonly health: Health;
  /**
   * Whether another client may come in. Asked before a handshake or accept. `full`: maxConnections, or shutting down;
   * `unavailable`: there has been no worker for a while, try again later.
   */
  admits(): Admission;
  /** Whether a websocket that `admits` welcomes is to be {@link arrived} first, and not yet {@link opened}. */
  readonly asks: boolean;
  /** A websocket asks to come in. It is welcomed or refused, once, unless it has `left` before. */
  arrived(arrival: Arrival): void;
  /** It has gone away instead of waiting for its answer. */
  left(arrival: Arrival): void;
  /** Whether the application answers plain HTTP requests. */
  readonly answers: boolean;
  /** It is to answer this one. */
  asked(exchange: HttpExchange): void;
  /** That one is over: its client has been answered, or has gone away instead of waiting. */
  hungUp(exchange: HttpExchange): void;
  /** A client is there. `handshake`: for a websocket, once its handshake is done. */
  opened(connection: Connection, handshake?: HandshakeRequest): void;
  /**
   * A whole message. `data` may be a view of a larger buffer: whoever keeps it beyond this call copies it.
   * `binary` tells handlers a Buffer from a string. With a websocket it is the opcode, with a user's module what its
   * `decode` returned. The other protocols do not tell text from bytes: text is always a string, invalid UTF-8 in it
   * being replaced; frame, tcp and udp are bytes only where they are no valid UTF-8.
   *
   * @param named whether it is one with a name, which the protocol has made of what came, or has checked: `data` is as
   *   `wire/named-message.ts` has it, and with `binary` as `wire/named-bytes.ts` has
   */
  message(connection: Connection, data: Buffer, binary: boolean, named?: boolean): void;
  /** A sign of life that is no message: a pong, or the client's own ping. */
  alive(connection: Connection): void;
  /**
   * No message comes any more: the client has closed its side, or said that it will, or sent what is forbidden. It may
   * still be sent to. The host calls `finish` once what came before is answered, and sees to it that this is not never.
   * At most once, after `opened`.
   *
   * @param patience milliseconds to wait where nobody can tell when that is
   */
  ended(connection: Connection, patience: number): void;
  /**
   * The connection is gone, however it ended. Exactly once after `opened`.
   *
   * @param code a websocket's close code, where its client closed it: 1005 for none; 1006 where it ended without a close
   *   frame of the client's. Of other protocols 0
   * @param broken whether the connection broke before the client had closed it
   */
  closed(connection: Connection, code?: number, reason?: string, broken?: boolean): void;
  /**
   * Somebody sent something that the protocol forbids, and was turned away. `kind` is a short constant (`ws handshake`): it is
   * counted and logged once per kind and minute.
   */
  refused(kind: string, remoteAddress: string, message: string): void;
  /** As {@link refused}, of a client; `ended` or `closed` follows. `by`: `limit` where there was too much of something. */
  misbehaved(connection: Connection, by: 'limit' | 'error', kind: string, message: string): void;
}

/** An open port. */
export interface Listener {
  readonly context: ListenerContext;
  /**
   * Takes no more clients; those that are here stay, but for udp's, which cannot do without the port: they are closed
   * once what was written to them is out. Resolves when the port is free.
   */
  close(): Promise<void>;
}
