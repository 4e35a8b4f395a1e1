const REPEATS = 1000;

/** One way to do something. */
export interface Task {
  readonly name: string;
  /** How many operations one call of `run` is, so that the clock's own cost does not count. */
  readonly operations: number;
  readonly run: () => void | Promise<void>;
}

/** A task that does something 1,000 times over, short enough that the clock would count if it were done once. */
export function repeated(name: string, once: (count: number) => unknown): Task {
  return {
    name,
    operations: REPEATS,
    run() {
      for (let count = 0; count < REPEATS; count++) once(count);
    },
  };
}

/** A part of a hot path, and beside it what else could stand there: the first task is the product's own. */
export interface Suite {
  readonly name: string;
  readonly title: string;
  /** It needs what not every machine has: a run of everything leaves it out. */
  readonly namedOnly?: boolean;
  /** Makes the tasks, and what they work on. */
  prepare(): Promise<Task[]> | Task[];
  /** Lets go of what `prepare` made. */
  close?(): Promise<void>;
}
