import { BroadcastChannel } from 'node:worker_threads';

/** Lets the handlers of test/fixtures/events/takeover go on that wait in the threads of this process. */
export function openGate(): void {
  const gate = new BroadcastChannel('gate');
  gate.postMessage('open');
  gate.close();
}
