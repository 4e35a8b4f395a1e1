import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { Observed } from '../../support/protocol-host.js';

/** Where to connect to, by the url of a listener. */
function destinationOf(url: string): { host: string; port: number } | { path: string } {
  const [, path] = /^\w+\+unix:(.+)$/.exec(url) ?? [];
  if (path !== undefined) return { path };
  const { hostname: host, port } = new URL(url);
  return { host, port: Number(port) };
}

/** A client as a test sees it, in any protocol. */
export interface Peer {
  readonly messages: Buffer[];
  pack(message: Buffer): Buffer;
  /** Sends bytes as they are. */
  write(bytes: Buffer): void;
  until(what: string, condition: () => boolean): Promise<void>;
  /** Ends the connection as a well-behaved client does. */
  end(): void;
  /** Breaks it off. */
  reset(): void;
}

/** A stream protocol, seen from the client's side. */
export interface StreamFormat {
  readonly tls?: boolean;
  /** Sent before anything else, TLS included: a proxy's word. */
  readonly preamble?: string | Buffer;
  /** Sent first; the answer ends with an empty line. */
  readonly handshake?: string;
  /** Sent before the connection is ended. */
  readonly farewell?: Buffer;
  pack(message: Buffer): Buffer;
  /** The message that `bytes` begins with and the bytes that it takes up, if it is there as a whole. */
  unpack(bytes: Buffer): { length: number; message?: Buffer; reply?: Buffer } | undefined;
}

export class StreamPeer extends Observed implements Peer {
  readonly messages: Buffer[] = [];
  /** Whether the gateway's side has ended the connection, and how. */
  ended = false;
  closed = false;
  readonly #format: StreamFormat;
  readonly #socket: Socket;
  /** Below TLS, where there is TLS. */
  readonly #tcp: Socket;
  #unread = Buffer.alloc(0);

  private constructor(format: StreamFormat, socket: Socket, tcp: Socket) {
    super();
    this.#format = format;
    this.#socket = socket;
    this.#tcp = tcp;
    tcp.on('error', () => {});
    socket.on('error', () => {}); // a reset; 'close' follows
    socket.on('end', () => {
      this.ended = true;
      this.changed();
    });
    socket.on('close', () => {
      this.closed = true;
      this.changed();
    });
  }

  static async connect(url: string, format: StreamFormat): Promise<StreamPeer> {
    const raw = connect(destinationOf(url));
    // before there is TLS, which would come first
    if (format.preamble !== undefined) raw.write(format.preamble);
    const socket = format.tls ? connectTls({ socket: raw, rejectUnauthorized: false }) : raw;
    const peer = new StreamPeer(format, socket, raw);
    await once(socket, format.tls ? 'secureConnect' : 'connect');
    if (format.handshake !== undefined) {
      socket.write(format.handshake);
      let answer = '';
      while (!answer.endsWith('\r\n\r\n')) answer += (await once(socket, 'data')).join();
    }
    socket.on('data', (chunk: Buffer) => peer.#read(chunk));
    return peer;
  }

  pack(message: Buffer): Buffer {
    return this.#format.pack(message);
  }

  write(bytes: Buffer): void {
    this.#socket.write(bytes);
  }

  /** Resolves when the operating system has taken the bytes. */
  flush(bytes: Buffer): Promise<void> {
    return new Promise((resolve) => {
      this.#socket.write(bytes, () => resolve());
    });
  }

  /** Bytes that the operating system does not take: the gateway's side does not read. */
  get unsent(): number {
    return this.#socket.writableLength;
  }

  stopReading(): void {
    this.#socket.pause();
  }

  startReading(): void {
    this.#socket.resume();
  }

  end(): void {
    if (this.#format.farewell) this.#socket.write(this.#format.farewell);
    this.#socket.end();
  }

  reset(): void {
    // a unix socket knows no reset
    if (this.#tcp.remoteAddress === undefined) this.#tcp.destroy();
    else this.#tcp.resetAndDestroy();
  }

  /** For the end of a test. (A reset of a socket that is ending already leaks its handle in Node 20, which then spins.) */
  destroy(): void {
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    this.#unread = Buffer.concat([this.#unread, chunk]);
    for (;;) {
      const found = this.#unread.length > 0 ? this.#format.unpack(this.#unread) : undefined;
      if (found === undefined) break;
      this.#unread = this.#unread.subarray(found.length);
      if (found.message) this.messages.push(found.message);
      if (found.reply) this.write(found.reply);
    }
    this.changed();
  }
}

export class UdpPeer extends Observed implements Peer {
  readonly messages: Buffer[] = [];
  readonly #socket: UdpSocket;

  private constructor(socket: UdpSocket) {
    super();
    this.#socket = socket;
    socket.on('message', (message) => {
      this.messages.push(message);
      this.changed();
    });
  }

  static async connect(url: string): Promise<UdpPeer> {
    const { hostname, port } = new URL(url);
    const socket = createSocket('udp4');
    socket.connect(Number(port), hostname);
    await once(socket, 'connect');
    return new UdpPeer(socket);
  }

  pack(message: Buffer): Buffer {
    return message;
  }

  write(bytes: Buffer): void {
    this.#socket.send(bytes);
  }

  /** A datagram has no end: only the socket is closed. */
  end(): void {
    this.#socket.close();
  }

  reset(): void {
    this.#socket.close();
  }
}
