import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

/** Bytes that this isolate's heap and Buffers hold once all garbage is gone. */
export function usedMemory(): number {
  // twice: a Buffer's memory is released by a finalizer, which the first run only schedules
  collectGarbage();
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
