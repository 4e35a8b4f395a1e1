/** Stands still for so many milliseconds, while other threads go on: for where nothing can be awaited any more. */
export function pause(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}
