/** Milliseconds between two looks at the clock. */
const TICK = 1;

/** Calls `send` so often that it keeps up with `perSecond`, from now on. @returns what stops it */
export function pace(perSecond: number, send: () => void): () => void {
  const start = performance.now();
  let sent = 0;
  const timer = setInterval(() => {
    for (const due = ((performance.now() - start) / 1000) * perSecond; sent < due; sent++) send();
  }, TICK);
  return () => clearInterval(timer);
}
