import { constants, mkdirSync, openSync } from 'node:fs';
import { Socket } from 'node:net';
import { dirname } from 'node:path';

/** Without O_NONBLOCK a pipe or a terminal that nobody reads would make whoever writes wait; to a file it means nothing. */
const NEVER_WAIT = constants.O_WRONLY | constants.O_APPEND | (constants.O_NONBLOCK ?? 0);

/** Opens a file for lines, in a folder that is made if need be. They go behind those that are there, also after somebody has cut it off. @throws the system's error */
export function openForLines(path: string): number {
  mkdirSync(dirname(path), { recursive: true });
  return openSync(path, NEVER_WAIT | constants.O_CREAT);
}

/** Standard output, for lines. A pipe or a terminal is opened anew where that is possible: others who have it open keep their own mode. */
export function standardOutputForLines(): number {
  // Whatever is no file, for node. A look at it is enough for node to make a pipe or a socket non-blocking. It is not
  // asked with fstatSync: what that has found to be a pipe, realpathSync, and so every import, takes for one of its own
  if (process.stdout instanceof Socket) {
    try {
      return openSync('/dev/fd/1', NEVER_WAIT);
    } catch {
      // a socket, another user's terminal, a pipe without a reader, or a system without /dev/fd
    }
  }
  return 1;
}
