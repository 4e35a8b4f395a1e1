import { readFileSync, readdirSync } from 'node:fs';

/*
 * What the kernel says about processes and those that they started, all threads together. Linux only.
 */

/** Clock ticks a second in /proc: the same on every Linux that node runs on. */
export const TICKS = 100;

/** Seconds of processor time so far, also of what they started and has ended. */
export function cpuSeconds(pids: readonly number[]): number {
  const processes = allProcesses();
  return sum(family(pids, processes), (pid) => (processes.get(pid)?.ticks ?? 0) / TICKS);
}

/** The same of this process alone, without what it started. */
export function ownCpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** Resident memory in bytes. Pages that processes share are counted for each. */
export function residentBytes(pids: readonly number[]): number {
  return sum(family(pids, allProcesses()), (pid) => {
    let status = '';
    try {
      status = readFileSync(`/proc/${pid}/status`, 'latin1');
    } catch (error) {
      // one that it started may have ended meanwhile
      if (pids.includes(pid)) throw error;
    }
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
  });
}

interface Process {
  readonly parent: number;
  readonly ticks: number;
}

function allProcesses(): Map<number, Process> {
  const processes = new Map<number, Process>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'latin1');
      // the second field, the name, may hold spaces; the parent is the 2nd after it, and from the 12th on come the
      // process's own time as user and system, and that of its children that have ended
      const fields = stat
        .slice(stat.lastIndexOf(')') + 2)
        .split(' ')
        .map(Number);
      processes.set(Number(name), { parent: fields[1], ticks: sum(fields.slice(11, 15), (ticks) => ticks) });
    } catch {
      // it has ended since the folder was read
    }
  }
  return processes;
}

/** These processes and all that come from them. */
function family(pids: readonly number[], processes: ReadonlyMap<number, Process>): number[] {
  const found = [...pids];
  // what is pushed is visited, too
  for (const pid of found) for (const [child, { parent }] of processes) if (parent === pid) found.push(child);
  return found;
}

function sum(numbers: readonly number[], value: (number: number) => number): number {
  return numbers.reduce((total, number) => total + value(number), 0);
}
