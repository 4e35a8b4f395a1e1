import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { residentBytes } from '../load/process-usage.js';
import { seconds } from '../load/window.js';

/** Seconds after which what was only needed for a moment is given back, as far as it ever is. */
const REST = 4;

/** `far-end.ts` as a process of its own. It ends with this one. */
export class FarEnd {
  readonly pid: number;
  readonly port: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: number) {
    this.pid = child.pid as number;
    this.port = port;
    this.#child = child;
  }

  static async start(
    role: 'gateway' | 'register' | 'followers' | 'cell',
    ...args: (number | string)[]
  ): Promise<FarEnd> {
    const child = fork(new URL('far-end.js', import.meta.url), [role, ...args.map(String)]);
    const [port] = await Promise.race([once(child, 'message'), ended(child)]);
    return new FarEnd(child, port as number);
  }

  stop(): void {
    this.#child.disconnect();
  }
}

/** Bytes of a process's memory after a few seconds without anything to do. */
export async function residentAtRest(pid: number): Promise<number> {
  await seconds(REST);
  // without those that this one has started
  return pid === process.pid ? process.memoryUsage.rss() : residentBytes([pid]);
}

async function ended(child: ChildProcess): Promise<never> {
  const [status] = await once(child, 'exit');
  throw new Error(`the far end ended with ${status}`);
}
