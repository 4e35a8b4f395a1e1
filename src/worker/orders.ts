import type { GatewayState, SlotMessage, WorkerTask } from '../link/thread-protocol.js';

/** What the slot will ask for: to serve, then to end, and perhaps to be quicker about that than was said first. */
export function receiveOrders(
  port: WorkerTask['port'],
  on: {
    release: (clientId: string, routes: number) => void;
    gateways: (states: readonly GatewayState[]) => void;
  },
) {
  const serve = deferred<Extract<SlotMessage, { kind: 'serve' }>>();
  const end = deferred<Extract<SlotMessage, { kind: 'retire' | 'stop' }>>();
  const hurry = deferred<Extract<SlotMessage, { kind: 'retire' | 'stop' }>>();
  let ending = false;
  port.on('message', (order: SlotMessage) => {
    if (order.kind === 'serve') serve.resolve(order);
    else if (order.kind === 'release') on.release(order.clientId, order.routes);
    else if (order.kind === 'gateways') on.gateways(order.gateways);
    else (ending ? hurry : end).resolve(order);
    ending ||= order.kind === 'retire' || order.kind === 'stop';
  });
  return { serve: serve.promise, end: end.promise, hurry: hurry.promise };
}

function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>((settle) => (resolve = settle));
  return { promise, resolve };
}
