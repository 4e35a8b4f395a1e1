/** Milliseconds that a client is given to take what was written and to close its side, after our `close`. */
export const CLOSE_TIMEOUT = 5_000;

/** Milliseconds of silence before the operating system asks whether the other machine still exists. */
export const KEEP_ALIVE_DELAY = 60_000;
