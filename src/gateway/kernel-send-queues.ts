import { readlinkSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

/*
 * Linux tells how much it holds of what was written to a TCP connection and has not been confirmed by its other end, in
 * /proc/net/tcp and tcp6 (tx_queue, proc(5)): a line for each connection of the machine, in no order. Nothing else that can
 * be had without native code tells it.
 */

const TABLES = ['/proc/self/net/tcp', '/proc/self/net/tcp6'];
/** Bytes read at once, which is a millisecond's work at most. */
const CHUNK = 32 * 1024;
/** Descriptors looked up in one turn. */
const INODES_PER_TURN = 256;
/** `sl: local remote state tx_queue:rx_queue timer retransmits uid timeout inode …` */
const LINE = /^ *\d+: \S+ \S+ \S+ ([\dA-F]+):\S+ \S+ \S+ +\d+ +\d+ (\d+)/;

/**
 * Bytes that the operating system holds for the other end of each of these connections.
 *
 * @param descriptors file descriptors of this process
 * @returns by descriptor; those that cannot be found are missing: all of them where there is no such table
 */
export async function kernelSendQueues(descriptors: readonly number[]): Promise<ReadonlyMap<number, number>> {
  const queues = new Map<number, number>();
  const wanted = new Map<string, number>();
  for (const [index, descriptor] of descriptors.entries()) {
    // others get their turn
    if (index % INODES_PER_TURN === INODES_PER_TURN - 1)
      await new Promise((resolve) => void setImmediate(resolve));
    const inode = inodeOf(descriptor);
    if (inode !== undefined) wanted.set(inode, descriptor);
  }
  for (const table of TABLES) {
    if (wanted.size === 0) break;
    await search(table, wanted, queues);
  }
  return queues;
}

function inodeOf(descriptor: number): string | undefined {
  try {
    return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/self/fd/${descriptor}`))?.[1];
  } catch {
    return undefined;
  }
}

/** Moves what it finds from `wanted` to `queues`. */
async function search(
  table: string,
  wanted: Map<string, number>,
  queues: Map<number, number>,
): Promise<void> {
  let file: FileHandle | undefined;
  try {
    file = await open(table);
    const bytes = Buffer.allocUnsafe(CHUNK);
    let rest = '';
    while (wanted.size > 0) {
      const { bytesRead } = await file.read(bytes, 0, CHUNK, null);
      if (bytesRead === 0) break;
      const lines = (rest + bytes.toString('latin1', 0, bytesRead)).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const [, queue, inode] = LINE.exec(line) ?? [];
        const descriptor = wanted.get(inode);
        if (descriptor === undefined) continue;
        wanted.delete(inode);
        queues.set(descriptor, Number.parseInt(queue, 16));
      }
    }
  } catch {
    // no Linux, or none that shows it
  } finally {
    await file?.close();
  }
}
