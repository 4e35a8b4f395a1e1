import type { TcpLink } from '#src/link/tcp-link.js';
import { Command, Flag } from '#src/wire/command.js';
import { emptyFrame, encodeFrame } from '#src/wire/frame.js';
import { cpuSeconds, ownCpuSeconds } from '../load/process-usage.js';
import { seconds } from '../load/window.js';
import { FarEnd, residentAtRest } from './far-end-process.js';
import { dialAsWorker } from './worker-link.js';

const LINKS = 1000;
const MESSAGES = 400_000;
/** Frames written in one turn: what a busy worker's turn may leave behind. */
const BATCH = 100;

/** What a link between a worker and another node's gateway costs at its two ends, and what a frame on it does. */
export async function measureInnerLinks(): Promise<readonly string[]> {
  const gateway = await FarEnd.start('gateway');
  try {
    // what the first ones need does not come again with those that are counted
    await connect(gateway.port, 0);
    const before = { worker: await residentAtRest(process.pid), gateway: await residentAtRest(gateway.pid) };
    const links = await connect(gateway.port, LINKS);
    const after = { worker: await residentAtRest(process.pid), gateway: await residentAtRest(gateway.pid) };
    const kilobytes = (end: 'worker' | 'gateway'): string =>
      ((after[end] - before[end]) / LINKS / 1024).toFixed(1);
    const frames = await broadcast(links, gateway);
    return [
      `memory of a link, ${LINKS} of them: ${kilobytes('worker')} KB at the worker's end, ${kilobytes('gateway')} KB at the gateway's`,
      ...frames,
    ];
  } finally {
    gateway.stop();
  }
}

async function connect(port: number, first: number): Promise<TcpLink[]> {
  return await Promise.all(
    Array.from({ length: LINKS }, async (_, index) => await dialAsWorker(port, `near:${first + index}`)),
  );
}

/**
 * A message of 64 bytes for a group that has nobody here: what a send costs every node that has no member and does not say so.
 */
async function broadcast(links: readonly TcpLink[], gateway: FarEnd): Promise<readonly string[]> {
  const frame = encodeFrame({
    ...emptyFrame(),
    command: Command.SEND_TO_GROUP,
    flags: Flag.PLAIN_BODY,
    ext: JSON.stringify({ group: ['room'], exclude: null }),
    body: Buffer.alloc(64, 'x'),
  });
  const [link] = links;
  const send = async (count: number): Promise<void> => {
    for (let sent = 0; sent < count; sent += BATCH) {
      for (let each = 0; each < BATCH; each++) link.sendBytes(frame);
      while (link.bufferedBytes > 0) await seconds(0.001);
    }
    await seconds(0.5);
  };
  await send(MESSAGES / 4);
  const before = { near: ownCpuSeconds(), far: cpuSeconds([gateway.pid]) };
  await send(MESSAGES);
  const near = ownCpuSeconds() - before.near;
  const far = cpuSeconds([gateway.pid]) - before.far;
  const each = (cpu: number): string => ((cpu / MESSAGES) * 1e6).toFixed(2);
  return [
    `a group message of 64 bytes: ${frame.length} bytes, ${each(near)} µs to send, ${each(far)} µs at a gateway without a member`,
  ];
}
