import type { ListenerContext } from '../gateway/protocols/listener-context.js';
import type { LoopDelay } from '../metrics/loop-delay.js';
import type { NodeNow } from '../ops/requests/live.js';
import type { NodeStatus } from '../ops/requests/status.js';
import type { Pool } from '../pool/pool.js';

interface Measured {
  readonly status: NodeStatus;
  readonly listeners: readonly ListenerContext[];
  readonly pool: Pool | undefined;
  readonly delay: LoopDelay;
}

/** How a node is at this moment. Nothing here looks at each client. */
export function nodeNow({ status, listeners, pool, delay: { bounds, counts } }: Measured): NodeNow {
  return {
    status,
    active: performance.eventLoopUtilization().active,
    bytesIn: listeners.reduce((sum, { bytesIn }) => sum + bytesIn, 0),
    bytesOut: listeners.reduce((sum, { bytesOut }) => sum + bytesOut, 0),
    durations: Array.from(pool?.durations ?? []),
    delays: Array.from(counts),
    bounds,
    threads: pool?.threads() ?? [],
  };
}
