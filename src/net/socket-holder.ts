import { readdir, readFile, readlink } from 'node:fs/promises';
import { basename, resolve } from 'node:path';

/** `Num RefCount Protocol Flags Type St Inode Path`, of one that listens (`__SO_ACCEPTCON`): proc(5) */
const LINE = /^\S+ \S+ \S+ 00010000 \S+ \S+ +(\d+) (.+)$/;

/**
 * Which program listens to a unix socket: `nginx (pid 123)`. Linux tells it, of programs of this user; root is told of
 * all.
 */
export async function holderOf(path: string): Promise<string | undefined> {
  try {
    const sockets = await socketsLike(path);
    for (const pid of sockets.size === 0 ? [] : await readdir('/proc')) {
      if (!/^\d+$/.test(pid) || !(await holds(pid, path, sockets))) continue;
      const name = await readFile(`/proc/${pid}/comm`, 'utf8');
      return `${name.trim()} (pid ${pid})`;
    }
  } catch {
    // no Linux, or none that shows it
  }
  return undefined;
}

/**
 * The sockets that may be the one, by what a descriptor is called, with the names that they were bound by: a relative one
 * perhaps, which node:cluster prefers, and of one that was renamed, as ours are, the one before.
 */
async function socketsLike(path: string): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  const table = await readFile('/proc/net/unix', 'utf8');
  for (const line of table.split('\n')) {
    const [, inode, name = ''] = LINE.exec(line) ?? [];
    if (basename(withoutPid(name, path)) === basename(path)) found.set(`socket:[${inode}]`, name);
  }
  return found;
}

async function holds(pid: string, path: string, sockets: ReadonlyMap<string, string>): Promise<boolean> {
  const folder = `/proc/${pid}/fd`;
  for (const descriptor of await readdir(folder).catch(() => [])) {
    const name = sockets.get(await readlink(`${folder}/${descriptor}`).catch(() => ''));
    if (name === undefined) continue;
    const cwd = await readlink(`/proc/${pid}/cwd`);
    if (withoutPid(resolve(cwd, name), path) === path) return true;
  }
  return false;
}

/** A name without the pid that it may have behind it. */
function withoutPid(name: string, path: string): string {
  return name.endsWith(basename(path)) ? name : name.replace(/\.\d+$/, '');
}
