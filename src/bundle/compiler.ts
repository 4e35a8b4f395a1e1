import type { ChildProcess } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { type BuildFailure, stop } from 'esbuild';
import { GatewayError } from '../base/errors.js';

/** Milliseconds that the compiler may take for one piece of work. Large applications take one or two seconds. */
const WORK_TIME = 60_000;
/** Once more when the process that was there turns out to be dead, or dies of it. */
const ATTEMPTS = 2;

/** Where node tells of each child process as it is made. */
const CHILDREN = 'child_process';

/**
 * The compiler (esbuild) is a process of its own, which the package starts when it is first needed and keeps. That process
 * may fail to start, die or stand still at any time, and the package then neither starts another one nor, in some cases,
 * settles what waits; an error that it does not listen for would end ours. Here each piece of work has its end.
 */
let running = 0;
/** How many processes were given up: two pieces of work that one dying process fails must not end two. */
let given = 0;

/**
 * Has the compiler do something.
 *
 * @param work calls esbuild; more than once, perhaps
 * @throws esbuild's failure, whose `errors` say what is wrong with the code; GW_COMPILER when it cannot do its work
 */
export async function compiling<T>(work: () => Promise<T>): Promise<T> {
  running++;
  try {
    for (let attempt = 1; ; attempt++) {
      const process = given;
      const { result, spawned } = begin(work);
      try {
        return await inTime(result);
      } catch (error) {
        if (isAboutCode(error)) throw error;
        // why a process did not start is told a moment later than that it did not
        await new Promise((resolve) => setImmediate(resolve));
        if (given === process) giveUp();
        const reason = spawned.error ?? (error as Error);
        if (attempt === ATTEMPTS || reason === TOO_LATE) throw unable(reason);
      }
    }
  } finally {
    running--;
  }
}

/** Ends the compiler's process, unless it has something to do: it takes memory, and is started again when it is needed. */
export function endCompiler(): void {
  if (running === 0) giveUp();
}

function giveUp(): void {
  given++;
  void stop();
}

interface Spawned {
  error?: Error;
}

/** Calls esbuild, which starts its process at once when there is none. That has to be listened to before anybody else can. */
function begin<T>(work: () => Promise<T>): { readonly result: Promise<T>; readonly spawned: Spawned } {
  const spawned: Spawned = {};
  const onChild = (message: unknown): void => {
    (message as { process: ChildProcess }).process.on('error', (error) => (spawned.error = error));
  };
  subscribe(CHILDREN, onChild);
  try {
    return { result: work(), spawned };
  } catch (error) {
    return { result: Promise.reject(error), spawned };
  } finally {
    unsubscribe(CHILDREN, onChild);
  }
}

async function inTime<T>(result: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(TOO_LATE), WORK_TIME);
  });
  try {
    return await Promise.race([result, late]);
  } finally {
    clearTimeout(timer);
  }
}

const TOO_LATE = new Error(`it has not answered for ${WORK_TIME / 1000} s`);

function isAboutCode(error: unknown): boolean {
  return Array.isArray((error as Partial<BuildFailure>).errors);
}

function unable(cause: Error): GatewayError {
  return new GatewayError(
    'GW_COMPILER',
    `The compiler (esbuild, a process of its own) cannot do its work: ${cause.message.trimEnd()}. Nothing was changed. EMFILE and ENFILE mean too few file descriptors (ulimit -n), EAGAIN and ENOMEM too many processes or too little memory, ENOENT that node_modules is not complete.`,
    { cause },
  );
}
