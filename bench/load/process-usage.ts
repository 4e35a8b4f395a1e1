import { readFileSync } from 'node:fs';

/*
 * What the kernel says about a process, all its threads together. Linux only.
 */

/** Clock ticks a second in /proc: the same on every Linux that node runs on. */
const TICKS = 100;

/** Seconds of processor time so far. */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // the second field, the name, may hold spaces; utime and stime are the 12th and 13th after it
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

/** Resident memory in bytes. */
export function residentBytes(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  if (kilobytes === undefined) throw new Error(`process ${pid} has no memory any more: it has ended`);
  return Number(kilobytes) * 1024;
}
