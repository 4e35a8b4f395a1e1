import type { Flow } from '../protocol.js';

/** What packets of one client travel on: polling, or a websocket. */
export interface EngineTransport {
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly bufferedBytes: number;
  readonly flow: Flow | undefined;
  /** @param frames whole frames of a websocket, whatever the transport is; as {@link Connection.write} */
  write(frames: Buffer): void;
  pause(): void;
  resume(): void;
  /** Lets out what was written, then closes. */
  close(code?: number, reason?: string): void;
  /** Closes, since the client has sent what is forbidden. */
  refuse(): void;
  destroy(): void;
}

/** A transport that reports something: told apart by which it is. */
export type Reporter = Omit<EngineTransport, 'refuse'>;

/** What a transport reports to, as a websocket does to its host. */
export interface TransportHost {
  /** A packet, with its type where it is text. */
  message(transport: Reporter, packet: Buffer, binary: boolean): void;
  alive(transport: Reporter): void;
  ended(transport: Reporter): void;
  closed(transport: Reporter, code?: number, reason?: string, broken?: boolean): void;
  misbehaved(transport: Reporter, by: 'limit' | 'error', kind: string, message: string): void;
}
