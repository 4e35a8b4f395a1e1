import type { Clock } from '../base/clock.js';
import type { OtherCells } from '../cluster/other-cells.js';
import type { Logger } from '../base/log.js';
import type { Interests } from '../cluster/interests.js';
import type { WorkerTask } from '../link/thread-protocol.js';
import type { InnerTls } from '../net/inner-socket.js';
import type { Doorbell } from '../ring/doorbell.js';
import type { GatewayAddress } from '../wire/client-id.js';
import type { StartThread } from './thread.js';

/** What every slot of a pool shares. */
export interface SlotContext {
  readonly startThread: StartThread;
  readonly doorbell: Doorbell;
  readonly clock: Clock;
  readonly log: Logger;
  /** Writes a line that a thread logged. */
  readonly writeLine: (line: string) => void;
  readonly task: Omit<WorkerTask, 'memory' | 'port' | 'bundle' | 'slot' | 'gateways'>;
  readonly eventBufferSize: number;
  readonly commandBufferSize: number;
  /** The gateway of this process, if it has one. */
  readonly localGateway: GatewayAddress | undefined;
  readonly inner: InnerOptions;
  readonly interests: Interests;
  readonly otherCells?: OtherCells | undefined;
  /** Milliseconds that a thread may take until it is ready. */
  readonly startTimeout: number;
  /** Milliseconds that handlers may still take when their thread is to end. */
  readonly stopTimeout: number;
  /** Bytes above which a thread is replaced; 0: no limit. */
  readonly maxMemory: number;
}

/** How the gateways of other nodes are spoken to. */
export interface InnerOptions {
  /** '' when there is none. */
  readonly secretKey: string;
  /** Milliseconds. */
  readonly pingInterval: number;
  readonly tls: InnerTls | undefined;
  /** This run of the node: tells it from another node of the same name. */
  readonly instance: string;
}
