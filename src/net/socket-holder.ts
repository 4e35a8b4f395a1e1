import { readdir, readFile, readlink } from 'node:fs/promises';

/** `Num RefCount Protocol Flags Type St Inode Path`, of one that listens (`__SO_ACCEPTCON`): proc(5) */
const LINE = /^\S+ \S+ \S+ 00010000 \S+ \S+ +(\d+) (.+)$/;

/**
 * Which program listens to a unix socket: `nginx (pid 123)`. Linux tells it, of programs of this user; root is told of
 * all.
 */
export async function holderOf(path: string): Promise<string | undefined> {
  try {
    const inode = await inodeOf(path);
    if (inode === undefined) return undefined;
    for (const pid of await readdir('/proc')) {
      if (!/^\d+$/.test(pid) || !(await holds(pid, `socket:[${inode}]`))) continue;
      const name = await readFile(`/proc/${pid}/comm`, 'utf8');
      return `${name.trim()} (pid ${pid})`;
    }
  } catch {
    // no Linux, or none that shows it
  }
  return undefined;
}

/** The socket's number. Of one that was renamed, as ours are, the table has the name before. */
async function inodeOf(path: string): Promise<string | undefined> {
  const table = await readFile('/proc/net/unix', 'utf8');
  for (const line of table.split('\n')) {
    const [, inode, name = ''] = LINE.exec(line) ?? [];
    if (name === path || (name.startsWith(`${path}.`) && /^\d+$/.test(name.slice(path.length + 1))))
      return inode;
  }
  return undefined;
}

async function holds(pid: string, socket: string): Promise<boolean> {
  const folder = `/proc/${pid}/fd`;
  for (const descriptor of await readdir(folder).catch(() => [])) {
    if ((await readlink(`${folder}/${descriptor}`).catch(() => '')) === socket) return true;
  }
  return false;
}
