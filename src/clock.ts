/** Where time comes from, so that a test can hold it still. Milliseconds, monotonic. */
export interface Clock {
  now(): number;
  setTimeout(callback: () => void, milliseconds: number): Timer;
  setInterval(callback: () => void, milliseconds: number): Timer;
}

/** A running timer of a {@link Clock}. Cancelling twice is allowed. */
export interface Timer {
  cancel(): void;
}

/** The machine's own clock. Its timers do not keep a process alive: sockets and threads do. */
export const systemClock: Clock = {
  now: () => performance.now(),
  setTimeout(callback, milliseconds) {
    const timer = setTimeout(callback, milliseconds).unref();
    return { cancel: () => clearTimeout(timer) };
  },
  setInterval(callback, milliseconds) {
    const timer = setInterval(callback, milliseconds).unref();
    return { cancel: () => clearInterval(timer) };
  },
};

/** Resolves when the promise does, or the time (milliseconds) is over. */
export async function withinTime(
  clock: Clock,
  milliseconds: number,
  promise: Promise<unknown>,
): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = clock.setTimeout(resolve, milliseconds);
    void promise.finally(() => {
      timer.cancel();
      resolve();
    });
  });
}
