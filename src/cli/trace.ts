import { setTimeout as delay } from 'node:timers/promises';
import { GatewayError } from '../base/errors.js';
import type { TracePart, TraceQuery } from '../ops/requests/trace.js';
import { findRunning } from './locate.js';
import type { TraceOptions } from './options.js';
import { TraceOutput } from './trace-output.js';

/** Milliseconds between two questions. */
const INTERVAL = 200;
/** Entries, and characters, behind which the next part is asked for at once. */
const MUCH = 500;
const LONG = 2 ** 19;

/** Shows what happens to clients, until it is told to end, or the client is gone. */
export async function trace(clientId = '', { config, ...options }: TraceOptions): Promise<void> {
  const { uid = '', group = '', payload = false, for: seconds = Infinity } = options;
  const whom = { clientId, uid, group };
  if (Object.values(whom).filter((name) => name !== '').length !== 1) {
    throw new GatewayError(
      'GW_CONFIG',
      'trace takes one of CLIENT_ID, --uid UID and --group GROUP; gatewayworker connections lists the clients.',
    );
  }
  const left = new AbortController();
  const output = new TraceOutput(clientId === '', options);
  const node = await findRunning(config);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => left.abort());
  await node.converse(async (client) => {
    const ask = async (go: Pick<TraceQuery, 'after' | 'stop'>): Promise<TracePart> =>
      await client.ask({ command: 'trace', ...whom, payload, ...go });
    await follow(ask, output, performance.now() + seconds * 1000, left.signal);
  });
}

/** @param deadline by performance.now() @throws GW_CONTROL when there is nothing to trace, or the node has forgotten it */
async function follow(
  ask: (go: Pick<TraceQuery, 'after' | 'stop'>) => Promise<TracePart>,
  output: TraceOutput,
  deadline: number,
  left: AbortSignal,
): Promise<void> {
  let part = await ask({ after: '', stop: false });
  if (part.ended !== null) throw new GatewayError('GW_CONTROL', part.ended.message);
  output.begin(part);
  await output.add(part);
  while (part.next !== null) {
    const time = Math.min(INTERVAL, deadline - performance.now());
    if (!isMuch(part) && time > 0) await delay(time, undefined, { signal: left }).catch(() => {});
    const stop = left.aborted || output.full || performance.now() >= deadline;
    part = await ask({ after: part.next, stop });
    await output.add(part);
  }
  if (part.ended?.by === 'unread') throw new GatewayError('GW_CONTROL', part.ended.message);
  output.end(part.ended?.message ?? '');
}

function isMuch({ entries }: TracePart): boolean {
  return entries.length >= MUCH || entries.reduce((sum, { text }) => sum + text.length, 0) >= LONG;
}
