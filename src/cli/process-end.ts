import { inspect } from 'node:util';
import { livingThreads } from '../pool/living-threads.js';

/** Exit statuses of the program. 0: done. */
export const FAILED = 1;
export const MISUSED = 2;

/** Milliseconds that threads get to end before the process does. */
const END_TIME = 500;

/** Whether this process is a node or leads some: nothing that happens to its output may end it. */
let serving = false;

/** From now on this process is a node, or leads some. */
export function serve(): void {
  serving = true;
}

export function guardOutput(): void {
  // a reader that has seen enough, as in "| head": that is an end for a command, and nothing to a node
  process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => {
    if (!serving) process.exit(code === 'EPIPE' ? 0 : FAILED);
  });
  process.stderr.on('error', () => {});
}

/** All is done, and what user code has left running must not keep the process; nor must a reader that a node does not wait for. */
export async function end(): Promise<never> {
  if (!serving) await new Promise((done) => process.stdout.write('', done));
  if (!(await livingThreads.end(END_TIME))) endByForce();
  process.exit();
}

/** An error of our own that nobody caught. */
export function endAfter(error: unknown): never {
  process.stderr.write(`gatewayworker: a fault of its own, please report it: ${inspect(error)}\n`);
  process.exit(FAILED);
}

/** Whatever ends this process, an error or a second signal: it ends. Called when all else that is to be done then is known. */
export function guardExit(): void {
  process.on('exit', () => {
    if (livingThreads.blocked) endByForce();
  });
}

/** process.exit() waits for every thread, and one in a system call may never come back: then only the kernel can end this. */
function endByForce(): void {
  process.kill(process.pid, 'SIGKILL');
}
