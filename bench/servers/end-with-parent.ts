import { isMainThread } from 'node:worker_threads';

/*
 * Loaded into a server before anything else: it ends when whoever started it is gone, even where that one could not say
 * so any more. The message channel closes with the process at its other end.
 */

if (isMainThread) {
  process.on('disconnect', () => process.exit(1));
  // a server that has nothing more to do ends all the same
  process.channel?.unref();
}
