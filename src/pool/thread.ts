import { Piscina } from 'piscina';
import type { WorkerTask } from '../link/thread-protocol.js';
import { ThreadGauge } from '../ring/thread-gauge.js';
import { livingThreads } from './living-threads.js';

const THREAD_ENTRY = new URL('../worker/thread-main.cjs', import.meta.url).href;

/** A thread that runs one task, as a generation sees it. */
export interface Thread {
  /** Resolves when the task is over, or never began: with an error, unless it ended in good order. */
  readonly ended: Promise<Error | undefined>;
  /** Ends it at once, whatever it is doing. {@link ended} does not wait until it has obeyed: a system call may keep it. */
  abort(): void;
}

/** Starts a thread for this task, whose port is transferred. */
export type StartThread = (task: WorkerTask) => Thread;

export interface PoolThreadOptions {
  /** Where V8 ends the thread, in MiB; undefined: V8's own limit. */
  readonly heapLimit: number | undefined;
  /** It failed when its task was over: nobody's fault any more. */
  readonly onLateError: (error: Error) => void;
}

/**
 * A pool of one thread for one task. In a pool of many, a thread that fails before it runs its task is told from no other,
 * and the task stays queued for ever.
 */
export class PoolThread implements Thread {
  readonly ended: Promise<Error | undefined>;
  readonly #abort = new AbortController();
  #over = false;

  constructor(task: WorkerTask, { heapLimit, onLateError }: PoolThreadOptions) {
    const pool = new Piscina({
      filename: THREAD_ENTRY,
      minThreads: 0,
      maxThreads: 1,
      idleTimeout: 0,
      concurrentTasksPerWorker: 1,
      atomics: 'disabled',
      resourceLimits: heapLimit === undefined ? {} : { maxOldGenerationSizeMb: heapLimit },
    });
    const broken = new Promise<Error>((resolve) => {
      pool.on('error', (error: Error) => {
        if (this.#over) onLateError(error);
        resolve(error);
      });
      // later than what its task has to say of it
      pool.on('workerDestroy', () =>
        setImmediate(resolve, new Error('the thread ended before it ran anything')),
      );
    });
    this.ended = Promise.race([run(pool, task, this.#abort.signal), broken]).then(async (error) => {
      this.#over = true;
      void pool.destroy();
      return error;
    });
    for (const worker of pool.threads) livingThreads.add(worker, new ThreadGauge(task.memory.gauge));
  }

  abort(): void {
    this.#abort.abort();
  }
}

/** Starting a thread may throw, too. */
async function run(pool: Piscina, task: WorkerTask, signal: AbortSignal): Promise<Error | undefined> {
  try {
    await pool.run(task, { transferList: [task.port], signal });
    return undefined;
  } catch (error) {
    return error as Error;
  }
}
