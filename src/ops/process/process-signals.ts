const onWindows = process.platform === 'win32';

/**
 * What signals have a node's process do:
 *
 *   SIGTERM, SIGINT   stop; another one ends the process at once
 *   SIGUSR2           reload
 *   SIGHUP            opens the log file anew, for log rotation; without a log file the terminal is gone: stop
 */
export interface SignalActions {
  readonly stop: (signal: NodeJS.Signals) => void;
  readonly reload: () => void;
  /** Missing where the log goes to no file. */
  readonly reopenLog: (() => void) | undefined;
}

/** From now on. */
export function obeySignals({ stop, reload, reopenLog }: SignalActions): void {
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  process.on('SIGHUP', reopenLog ?? stop);
  if (!onWindows) process.on('SIGUSR2', reload);
}
