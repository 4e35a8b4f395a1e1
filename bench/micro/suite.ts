/** One way to do something. */
export interface Task {
  readonly name: string;
  /** How many operations one call of `run` is, so that the clock's own cost does not count. */
  readonly operations: number;
  readonly run: () => void | Promise<void>;
}

/** A part of a hot path, and beside it what else could stand there: the first task is the product's own. */
export interface Suite {
  readonly name: string;
  readonly title: string;
  /** Makes the tasks, and what they work on. */
  prepare(): Promise<Task[]> | Task[];
  /** Lets go of what `prepare` made. */
  close?(): Promise<void>;
}
