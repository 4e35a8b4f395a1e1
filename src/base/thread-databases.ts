/** What `status` tells of the databases that a thread uses. */
export interface DatabaseCounts {
  /** Connections that are open, or being opened. */
  readonly open: number;
  /** Connections that are in use. */
  readonly busy: number;
  /** Statements and transactions that wait for a connection. */
  readonly waiting: number;
  /** Statements that took longer than the limit, ever. */
  readonly slow: number;
  /** Statements and connections that failed, ever. */
  readonly errors: number;
}

/** A database that was used in this thread, and not closed since. */
interface ThreadDatabase {
  readonly counts: DatabaseCounts;
  /** Resolves when no connection is left. It never rejects. */
  close(): Promise<void>;
}

/** The databases that are open in this thread. Whoever ends the thread closes them. */
export const threadDatabases = new Set<ThreadDatabase>();

/** Undefined when there are none: neither in this thread, nor of those that are added up. */
export function sumOfCounts(all: Iterable<DatabaseCounts | undefined>): DatabaseCounts | undefined {
  let sum: DatabaseCounts | undefined;
  for (const one of all) {
    if (one === undefined) continue;
    sum = {
      open: (sum?.open ?? 0) + one.open,
      busy: (sum?.busy ?? 0) + one.busy,
      waiting: (sum?.waiting ?? 0) + one.waiting,
      slow: (sum?.slow ?? 0) + one.slow,
      errors: (sum?.errors ?? 0) + one.errors,
    };
  }
  return sum;
}
