import { Gateway } from '../api/gateway-calls.js';
import { Requests } from '../api/requests.js';
import { systemClock } from '../clock.js';
import { GatewayError } from '../errors.js';
import { ThreadLink } from '../link/thread-link.js';
import { createLogger } from '../log.js';
import { Command } from '../wire/command.js';
import { unserialize } from '../wire/php-serialize.js';
import { BusinessWorker } from './business-worker.js';
import { type Events, type WorkerInfo, checkEvents } from './events.js';
import type { SlotMessage, ThreadMessage, WorkerTask } from '../link/worker-task.js';
import { ThreadTransport } from './thread-transport.js';

/** One generation of a worker slot: the thread pool's task. It resolves when the thread has stopped in good order. */
export default async function runGeneration(task: WorkerTask): Promise<void> {
  const { port, memory, slot, count, node } = task;
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a MessagePort, not a window
  const post = (message: ThreadMessage): void => port.postMessage(message);
  const log = createLogger({
    level: task.logLevel,
    destination: { write: (line: string) => post({ kind: 'log', line }) },
  }).child({ worker: slot });

  const { serve: served, stop: stopped } = orders(port);
  const requests = new Requests(systemClock);
  const link = new ThreadLink(`slot ${slot}`, memory);
  const transport = new ThreadTransport(link, {
    gateways: task.gateways,
    bufferSize: memory.commandBufferSize,
    generation: memory.generation,
  });
  Gateway.connect({ transport, requests });
  let worker: BusinessWorker | undefined;
  link.listen({
    frame(frame, place) {
      if (frame.command === Command.REPLY) requests.answer(frame.clientIp, unserialize(frame.body));
      else worker?.handle(frame, place);
    },
    drained: () => transport.linkDrained(),
    closed: () => requests.close(),
  });

  const info: WorkerInfo = { id: slot, count, node, name: `${node}:${slot}` };
  let events: Events;
  try {
    events = await load(task);
    await start(events, info);
  } catch (error) {
    const { code, message } = error as GatewayError;
    post({ kind: 'failed', code, message });
    port.close();
    return;
  }

  worker = new BusinessWorker({ link, events, gateway: Gateway, log });
  transport.worker = worker;
  Gateway.follow(worker);
  post({ kind: 'ready' });
  await served;
  link.receiveEvents(() => worker.makeRoom());

  const { timeout } = await stopped;
  await link.eventsEnded();
  await Promise.race([worker.idle(), new Promise((resolve) => setTimeout(resolve, timeout))]);
  try {
    await events.onWorkerStop?.(info);
  } catch (error) {
    log.error({ err: error }, `onWorkerStop failed: ${String(error)}`);
  }
  await link.close();
  port.close();
}

async function load({ bundle, eventsFolder }: WorkerTask): Promise<Events> {
  // stack traces name the lines of the user's own files
  process.setSourceMapsEnabled(true);
  let module: Record<string, unknown>;
  try {
    module = (await import(bundle)) as Record<string, unknown>;
  } catch (cause) {
    throw new GatewayError('GW_EVENTS_INVALID', `${eventsFolder} cannot be loaded:\n${stackOf(cause)}`, {
      cause,
    });
  }
  return checkEvents(module, eventsFolder);
}

async function start(events: Events, info: WorkerInfo): Promise<void> {
  try {
    await events.onWorkerStart?.(info);
  } catch (cause) {
    throw new GatewayError('GW_EVENTS_START', `onWorkerStart failed:\n${stackOf(cause)}`, { cause });
  }
}

/** Where an error comes from, without node's own lines, which tell nobody anything. */
function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const lines = (error.stack ?? error.message).split('\n');
  return lines.filter((line) => !/^ +at .*\(?node:/.test(line)).join('\n');
}

/** What the slot will ask for, once each and in this order. */
function orders(port: WorkerTask['port']): { serve: Promise<void>; stop: Promise<{ timeout: number }> } {
  const serve = deferred<void>();
  const stop = deferred<{ timeout: number }>();
  port.on('message', (order: SlotMessage) => {
    if (order.kind === 'serve') serve.resolve();
    else stop.resolve(order);
  });
  return { serve: serve.promise, stop: stop.promise };
}

function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>((settle) => (resolve = settle));
  return { promise, resolve };
}
