import { once } from 'node:events';
import { BroadcastChannel, type Worker } from 'node:worker_threads';
import { turn } from './gateway-scene.js';

/** The threads that this process has started since this module was loaded. */
const threads = new Set<Worker>();
process.on('worker', (worker: Worker) => {
  threads.add(worker);
  worker.once('exit', () => threads.delete(worker));
});

/** Lets the handlers of test/fixtures/events/takeover go on that wait in the threads of this process. */
export function openGate(): void {
  tell('open');
}

/** Ends one of those threads; resolves when this process has taken note of that. */
export async function endThread(thread: number): Promise<void> {
  const worker = [...threads].find(({ threadId }) => threadId === thread);
  if (worker === undefined) throw new Error(`There is no thread ${thread}.`);
  const ended = once(worker, 'exit');
  tell(thread);
  await ended;
  for (let n = 0; n < 10; n++) await turn();
}

function tell(what: unknown): void {
  const gate = new BroadcastChannel('gate');
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel, not a window
  gate.postMessage(what);
  gate.close();
}
