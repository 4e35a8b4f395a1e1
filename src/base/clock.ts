/** Where time comes from, so that a test can stop it. Milliseconds, monotonic. */
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
export const systemClock = machineClock((timer) => timer.unref());

/** The machine's own clock where nothing else may keep the process alive while somebody waits: its timers do. */
export const keepAliveClock = machineClock((timer) => timer.ref());

function machineClock(keep: (timer: NodeJS.Timeout) => NodeJS.Timeout): Clock {
  return {
    now: () => performance.now(),
    setTimeout(callback, milliseconds) {
      const timer = keep(setTimeout(callback, milliseconds));
      return { cancel: () => clearTimeout(timer) };
    },
    setInterval(callback, milliseconds) {
      const timer = keep(setInterval(callback, milliseconds));
      return { cancel: () => clearInterval(timer) };
    },
  };
}

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

/** Resolves when so many milliseconds are over. */
export async function elapse(clock: Clock, milliseconds: number): Promise<void> {
  await new Promise<void>((resolve) => void clock.setTimeout(resolve, milliseconds));
}
