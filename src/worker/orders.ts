import type { GatewayState } from '../link/gateway-state.js';
import type { SlotMessage, WorkerTask } from '../link/thread-protocol.js';

export type HandOverOrder = Extract<SlotMessage, { kind: 'handOver' }>;

/** Who is told of what may be ordered more than once, or never. */
interface OnOrder {
  release(clientId: string, routes: number): void;
  gateways(states: readonly GatewayState[]): void;
  handOver(order: HandOverOrder): void;
  takeOver(port: WorkerTask['port']): void;
  goOn(): void;
}

/** What the slot will ask for: to serve, then to end, and perhaps to be quicker about that than was said first. */
export function receiveOrders(port: WorkerTask['port'], on: OnOrder) {
  const serve = deferred<Extract<SlotMessage, { kind: 'serve' }>>();
  const end = deferred<Extract<SlotMessage, { kind: 'retire' | 'stop' }>>();
  const hurry = deferred<Extract<SlotMessage, { kind: 'retire' | 'stop' }>>();
  let ending = false;
  port.on('message', (order: SlotMessage) => {
    if (order.kind === 'serve') serve.resolve(order);
    else if (order.kind === 'release') on.release(order.clientId, order.routes);
    else if (order.kind === 'gateways') on.gateways(order.gateways);
    else if (order.kind === 'handOver') on.handOver(order);
    else if (order.kind === 'takeOver') on.takeOver(order.port);
    else if (order.kind === 'goOn') on.goOn();
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
