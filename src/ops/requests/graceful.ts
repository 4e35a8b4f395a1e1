/** What is asked of a reload and of a stop: to let the handlers that run now take as long as they need, within limits. */
export const graceful = { type: 'flag' } as const;

/** Milliseconds that a graceful reload or stop waits for pending handlers. */
export const GRACEFUL_TIMEOUT = 300_000;
