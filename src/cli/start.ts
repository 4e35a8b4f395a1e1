import type { StartOptions } from './options.js';

/** Starts a node, here or in the background: who only starts another process loads no node. */
export async function start(options: StartOptions): Promise<void> {
  if (options.detach) await (await import('./background.js')).startInBackground(options);
  else await (await import('./foreground.js')).startHere(options);
}
