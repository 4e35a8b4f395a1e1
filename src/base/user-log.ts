import { createLogger } from './log.js';

/** Writes a line: a message, or fields and a message. Further values fill in `%s`, `%d`, `%j` and `%o` of the message. */
export interface LogFunction {
  (message: string, ...values: readonly unknown[]): void;
  (fields: object, message?: string, ...values: readonly unknown[]): void;
}

/** The logger of applications: lines go where the node logs to. An Error is a field as well: `log.error(error, 'why')`. */
export interface Log {
  readonly trace: LogFunction;
  readonly debug: LogFunction;
  readonly info: LogFunction;
  readonly warn: LogFunction;
  readonly error: LogFunction;
  readonly fatal: LogFunction;
  /** Whether lines of this level are written: for what is costly to find out and only logged. */
  isLevelEnabled(level: string): boolean;
  /** A logger whose lines have these fields as well. */
  child(fields: Readonly<Record<string, unknown>>): Log;
}

/** Where no node runs, as in tests of an application: JSON lines on standard output. */
export let log: Log = createLogger({
  level: 'info',
  destination: { write: (line) => void process.stdout.write(line) },
});

/** From now on {@link log} is the node's, in this thread. */
export function attachLog(logger: Log): void {
  log = logger;
}
