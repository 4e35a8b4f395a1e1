import { BroadcastChannel } from 'node:worker_threads';

/** Lets the handlers of test/fixtures/events/takeover go on that wait in the threads of this process. */
export function openGate(): void {
  tell('open');
}

/** Ends one of those threads. */
export function endThread(thread: number): void {
  tell(thread);
}

function tell(what: unknown): void {
  const gate = new BroadcastChannel('gate');
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel, not a window
  gate.postMessage(what);
  gate.close();
}
