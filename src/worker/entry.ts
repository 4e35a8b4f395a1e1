import { getHeapStatistics } from 'node:v8';
import { threadId } from 'node:worker_threads';
import { Gateway } from '../api/gateway-calls.js';
import { Requests } from '../api/requests.js';
import { systemClock } from '../base/clock.js';
import { messageOf, stackOf } from '../base/error-text.js';
import { GatewayError } from '../base/errors.js';
import { ThreadLink } from '../link/thread-link.js';
import { LineLimit } from '../base/line-limit.js';
import { createLogger } from '../base/log.js';
import { sumOfCounts, threadDatabases } from '../base/thread-databases.js';
import { type PrintStream, takeOver } from '../base/printed-text.js';
import { attachLog } from '../base/user-log.js';
import { ThreadGauge } from '../ring/thread-gauge.js';
import { Command } from '../wire/command.js';
import type { ReceivedFrame } from '../wire/frame.js';
import { type PhpDecoded, unserialize } from '../wire/php-serialize.js';
import { BusinessWorker } from './business-worker.js';
import { type Events, type WorkerInfo, checkEvents } from './events.js';
import type { GatewayState, SlotMessage, ThreadMessage, WorkerTask } from '../link/thread-protocol.js';
import { ThreadTransport } from './thread-transport.js';

/** Well below the shortest processTimeout. */
const BEAT_MILLISECONDS = 250;

/** One generation of a worker slot: the thread pool's task. It resolves when the thread has stopped in good order. */
export default async function runGeneration(task: WorkerTask): Promise<void> {
  const { port, memory, slot, count, node } = task;
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a MessagePort, not a window
  const post = (message: ThreadMessage): void => port.postMessage(message);
  const log = createLogger({
    level: task.logLevel,
    destination: { write: (line: string) => post({ kind: 'log', line }) },
  }).child({ worker: slot });

  let worker: BusinessWorker | undefined;
  const silence = openUserLog({
    task,
    post,
    currentClient: () => worker?.currentClientId(),
    report: (fields, message) => log.warn(fields, message),
  });
  const requests = new Requests(systemClock);
  const link = new ThreadLink(`slot ${slot}`, memory);
  const transport = new ThreadTransport(link, {
    bufferSize: memory.commandBufferSize,
    generation: memory.generation,
  });
  transport.follow(task.gateways);
  const orders = receiveOrders(port, {
    release: (clientId) => worker?.release(clientId),
    gateways(states) {
      for (const lost of transport.follow(states)) requests.lost(lost);
    },
  });
  Gateway.attach({ transport, requests });
  link.subscribe({
    frame(frame, place) {
      if (frame.command === Command.REPLY) answer(frame);
      else worker?.handle(frame, place);
    },
    drained: () => transport.linkDrained(),
    closed: () => requests.close(),
  });

  /** The reply to a query has come. Whatever a gateway of another node sends, this thread goes on. */
  function answer({ clientIp: id, body }: ReceivedFrame): void {
    let value: PhpDecoded;
    try {
      value = unserialize(body);
    } catch (error) {
      log.warn({ err: error }, 'a gateway answered a query with what cannot be read');
      requests.fail(id);
      return;
    }
    requests.answer(id, value);
  }

  const gauge = new ThreadGauge(memory.gauge);
  beat(gauge);
  setInterval(() => {
    beat(gauge);
    worker?.giveUpOnLate(performance.now());
  }, BEAT_MILLISECONDS).unref();

  const info: WorkerInfo = { id: slot, count, node, name: `${node}:${slot}` };
  let events: Events;
  try {
    post({ kind: 'step', step: 'load' });
    events = await load(task);
    post({ kind: 'step', step: 'onWorkerStart' });
    await start(events, info);
  } catch (error) {
    // one of ours says why in its message already
    const { code, message } =
      error instanceof GatewayError ? error : new GatewayError('GW_EVENTS_START', messageOf(error));
    post({ kind: 'failed', code, message });
    silence();
    port.close();
    return;
  }

  const { processTimeout } = task;
  worker = new BusinessWorker({
    link,
    events,
    gateway: Gateway,
    gauge,
    log,
    isPhp: (client) => transport.isPhp(client),
    processTimeout,
  });
  transport.worker = worker;
  Gateway.follow(worker);
  beat(gauge);
  post({ kind: 'ready' });

  const { takeover, pending } = await orders.serve;
  worker.holdBack(pending);
  worker.inheritClosed(takeover.closed);
  link.receiveEvents(takeover, () => worker?.makeRoom());

  const order = await orders.end;
  if (order.kind === 'stop') {
    await link.eventsEnded();
  } else {
    let retired = false;
    worker.retire((clientId) => {
      // what the handler sent leaves before its client's next handler sends anything, in another thread
      if (retired) void link.settled().then(() => post({ kind: 'released', clientId }));
    });
    await link.leaveEvents();
    retired = true;
    post({ kind: 'retired', pending: worker.handling });
  }
  const hurried = orders.hurry.then(async ({ timeout }) => await elapse(timeout));
  await Promise.race([worker.idle(), elapse(order.timeout), hurried]);
  try {
    await events.onWorkerStop?.(info);
  } catch (error) {
    log.error({ err: error }, `onWorkerStop failed: ${messageOf(error)}`);
  }
  showDatabases(gauge);
  await Promise.all([...threadDatabases].map(async (database) => await database.close()));
  await link.close();
  worker.close();
  silence();
  port.close();
}

interface UserLogOptions {
  readonly task: WorkerTask;
  readonly post: (message: ThreadMessage) => void;
  /** The client whose handler is running. */
  readonly currentClient: () => string | undefined;
  readonly report: (fields: object, message: string) => void;
}

/**
 * What the user's code logs and prints goes to the node's log, within limits: it can neither flood that nor the memory.
 *
 * @returns to be called before the port is closed: what is printed later is no more this thread's
 */
function openUserLog({ task, post, currentClient, report }: UserLogOptions): () => void {
  const limit = new LineLimit(systemClock, report);
  const print = (stream: PrintStream, text: string): void => {
    if (limit.admits(stream, text.length)) post({ kind: 'printed', stream, text });
  };
  const given = [takeOver('stdout', print), takeOver('stderr', print)];
  const logger = createLogger({
    level: task.logLevel,
    destination: {
      write(line: string) {
        if (limit.admits('log', line.length)) post({ kind: 'log', line });
      },
    },
    mixin() {
      const client = currentClient();
      return client === undefined ? {} : { client };
    },
  });
  attachLog(logger.child({ worker: task.slot }));
  return () => {
    limit.close();
    for (const giveBack of given) giveBack();
  };
}

/** Shows that the event loop comes round, and what the thread takes. */
function beat(gauge: ThreadGauge): void {
  const { used_heap_size: heap, external_memory: external } = getHeapStatistics();
  gauge.beat(threadId, heap, external);
  if (threadDatabases.size > 0) showDatabases(gauge);
}

function showDatabases(gauge: ThreadGauge): void {
  const counts = sumOfCounts([...threadDatabases].map((database) => database.counts));
  if (counts !== undefined) gauge.showDatabases(threadDatabases.size, counts);
}

async function load({ bundle, eventsFolder }: WorkerTask): Promise<Events> {
  // stack traces name the lines of the user's own files
  process.setSourceMapsEnabled(true);
  let module: Record<string, unknown>;
  try {
    module = (await import(bundle)) as Record<string, unknown>;
  } catch (cause) {
    const missing = /^Cannot find package '([^']+)'/.exec(messageOf(cause))?.[1];
    if (missing !== undefined) {
      throw new GatewayError(
        'GW_EVENTS_INVALID',
        `${eventsFolder} imports the package ${missing}, which is not installed: run npm install ${missing} beside it.`,
        { cause },
      );
    }
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

/** What the slot will ask for: to serve, then to end, and perhaps to be quicker about that than was said first. */
function receiveOrders(
  port: WorkerTask['port'],
  on: { release: (clientId: string) => void; gateways: (states: readonly GatewayState[]) => void },
) {
  const serve = deferred<Extract<SlotMessage, { kind: 'serve' }>>();
  const end = deferred<Extract<SlotMessage, { kind: 'retire' | 'stop' }>>();
  const hurry = deferred<Extract<SlotMessage, { kind: 'retire' | 'stop' }>>();
  let ending = false;
  port.on('message', (order: SlotMessage) => {
    if (order.kind === 'serve') serve.resolve(order);
    else if (order.kind === 'release') on.release(order.clientId);
    else if (order.kind === 'gateways') on.gateways(order.gateways);
    else (ending ? hurry : end).resolve(order);
    ending ||= order.kind === 'retire' || order.kind === 'stop';
  });
  return { serve: serve.promise, end: end.promise, hurry: hurry.promise };
}

async function elapse(milliseconds: number): Promise<void> {
  await new Promise<void>((resolve) => void setTimeout(resolve, milliseconds));
}

function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>((settle) => (resolve = settle));
  return { promise, resolve };
}
