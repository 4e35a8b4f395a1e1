import type { DialectName } from '../load/dialect.js';
import type { Target } from '../load/orders.js';
import type { Child } from './child.js';
import type { HeapUse } from './memory-probe.js';

/** A server process under test. */
export interface RunningServer {
  readonly target: Target;
  /** What the processes' heaps hold after a collection; only where {@link StartOptions.probe} is. */
  heapUse(): Promise<HeapUse>;
  /** Reloads its code, where {@link Contestant.reloads}. Resolves when that is done. */
  reload(): Promise<void>;
  stop(): Promise<void>;
}

export interface StartOptions {
  /** How many of it, joined to one cluster. */
  readonly nodes: number;
  /** Whether clients come by TLS. */
  readonly tls: boolean;
  /** Whether it compresses messages for clients that offer it. */
  readonly compression: boolean;
  /** Whether clients are Socket.IO's. */
  readonly socketIo: boolean;
  /** Whether to look into its heap. */
  readonly probe: boolean;
}

/** Someone who can be measured. */
export interface Contestant {
  readonly name: string;
  /** Clients at most, where there is such a limit; 0: it speaks plain HTTP only. */
  readonly mostClients?: number;
  /** Whether its heap can be looked into: it is a node process. */
  readonly probed: boolean;
  /** Whether its code can be reloaded while it runs. */
  readonly reloads: boolean;
  /** Whether it can compress messages, and takes ones of any length. */
  readonly compresses: boolean;
  /** Whether clients of Socket.IO can be served. */
  readonly speaksSocketIo: boolean;
  /** Whether several of it are one cluster without anything beside them. */
  readonly clusters: boolean;
  /** Whether it answers plain HTTP requests (load/requests.ts). */
  readonly requests: boolean;
  /** What has to be done once before the first start: install, compile. */
  prepare?(): Promise<void>;
  start(options: StartOptions): Promise<RunningServer>;
}

/** A server whose process is this child. */
export function running(
  child: Child,
  port: number,
  { tls, compression }: StartOptions,
  dialect: DialectName = 'plain',
): RunningServer {
  return {
    target: { ports: [port], pids: [child.pid], tls, compression, dialect },
    heapUse: async () => await child.ask<HeapUse>('heap-use'),
    reload: async () => await Promise.reject(new Error(`${child.name} has no reload`)),
    stop: async () => await child.stop(),
  };
}
