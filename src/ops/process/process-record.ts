import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';

/** What a pid file says about its process. */
export interface ProcessRecord {
  readonly pid: number;
  /**
   * When the kernel started it, in clock ticks since the machine started: tells it from a later process that was given
   * the same pid. Null where there is no /proc.
   */
  readonly startTicks: string | null;
  /** Which start of the machine that was; null where there is no /proc, missing in what older versions have written. */
  readonly boot?: string | null | undefined;
  /** ISO 8601. */
  readonly startedAt: string;
  /** Its control socket, which listens for as long as the pid file exists. */
  readonly socket: string;
  /** The configuration file; null when there is none. */
  readonly config: string | null;
  /** The file that it logs to; null for standard output. */
  readonly log: string | null;
  /** How many nodes share its ports; missing for one of its own. */
  readonly nodes?: number | undefined;
}

/** This process, for its pid file. */
export async function ownRecord(
  rest: Pick<ProcessRecord, 'socket' | 'config' | 'log' | 'nodes'>,
): Promise<ProcessRecord> {
  return {
    pid: process.pid,
    startTicks: await startTicks(process.pid),
    boot: await bootId(),
    startedAt: new Date().toISOString(),
    ...rest,
  };
}

/**
 * Two lines: the bare pid, which is all that `kill $(head -1 FILE)`, `pkill -F` and systemd's PIDFile= read, and
 * everything as JSON.
 */
export function encodeRecord(record: ProcessRecord): string {
  return `${record.pid}\n${JSON.stringify(record)}\n`;
}

/** @returns undefined for anything that {@link encodeRecord} has not written, or not wholly */
export function decodeRecord(text: string): ProcessRecord | undefined {
  const [, json, end] = text.split('\n');
  if (end === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const {
    pid,
    startTicks: ticks,
    boot = null,
    startedAt,
    socket,
    config,
    log,
    nodes,
  } = value as Record<string, unknown>;
  const valid =
    Number.isSafeInteger(pid) &&
    (pid as number) > 0 &&
    (nodes === undefined || Number.isSafeInteger(nodes)) &&
    [startedAt, socket].every((field) => typeof field === 'string') &&
    [ticks, boot, config, log].every((field) => field === null || typeof field === 'string');
  return valid ? (value as ProcessRecord) : undefined;
}

/**
 * Whether the process of a record lives: it answers on its control socket, whose name nobody else has ever had, or,
 * should that have been deleted, the very process that wrote the record exists. A pid alone proves nothing, since pids
 * are given out again, in containers at once, even our own. A process that is too busy to answer counts as living, since
 * the kernel accepts connections for it.
 */
export async function isAlive({ pid, startTicks: ticks, boot, socket }: ProcessRecord): Promise<boolean> {
  const answers = await listens(socket);
  if (answers === true) return true;
  if (ticks === null) return answers ?? true;
  return (await startTicks(pid)) === ticks && (!boot || boot === (await bootId()));
}

/**
 * Whether the process of a record, which lived a moment ago, is gone. Without /proc its pid alone has to tell.
 */
export async function isGone({ pid, startTicks: ticks, socket }: ProcessRecord): Promise<boolean> {
  if ((await listens(socket)) === true) return false;
  if (ticks !== null) return (await startTicks(pid)) !== ticks;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

/** Whether a process listens on this socket, be it busy; undefined when it is another user's, who may not ask. */
async function listens(path: string): Promise<boolean | undefined> {
  return await new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', ({ code }: NodeJS.ErrnoException) =>
      resolve(code === 'EACCES' ? undefined : code === 'EAGAIN' || code === 'EBUSY'),
    );
  });
}

async function bootId(): Promise<string | null> {
  const text = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => null);
  return text === null ? null : text.trim();
}

/** See proc_pid_stat(5). Null when there is no such process, or no /proc. */
async function startTicks(pid: number): Promise<string | null> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  if (stat === null) return null;
  // the second field is the program's name, in brackets, and may have spaces and brackets in it
  const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const dead = state === 'Z' || state === 'X';
  return dead ? null : fields[18];
}
