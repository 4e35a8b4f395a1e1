import { getHeapStatistics } from 'node:v8';
import { threadId } from 'node:worker_threads';
import { Gateway, type GatewayCalls } from '../api/gateway-calls.js';
import { PendingQueries } from '../api/pending-queries.js';
import { type Clock, elapse, systemClock } from '../base/clock.js';
import { messageOf } from '../base/error-text.js';
import { GatewayError } from '../base/errors.js';
import { LogOnce } from '../base/log-once.js';
import { createLogger } from '../base/log.js';
import { sumOfCounts, threadDatabases } from '../base/thread-databases.js';
import { ThreadLink } from '../link/thread-link.js';
import type { ThreadMessage, WorkerTask } from '../link/thread-protocol.js';
import { type SeriesStore, ThreadSeries } from '../metrics/thread-series.js';
import { attachMetrics } from '../metrics/user-metrics.js';
import { BEAT, ThreadGauge } from '../ring/thread-gauge.js';
import { Command } from '../wire/command.js';
import type { ReceivedFrame } from '../wire/frame.js';
import { type PhpDecoded, unserialize } from '../wire/php-serialize.js';
import { BusinessWorker } from './business-worker.js';
import type { Events, WorkerInfo } from './events.js';
import { type CheckedMessage, compileMessages } from './message-checks.js';
import { loadEvents, startEvents } from './load-events.js';
import { receiveOrders } from './orders.js';
import { StateTransfer } from './state-transfer.js';
import { ThreadTransport } from './thread-transport.js';
import { type UserOutputOptions, openUserOutput } from './user-output.js';

/** What a thread has of its own. The test kit has another: there no thread is started. */
export interface ThreadHost {
  /** What the user's code calls. */
  readonly gateway: GatewayCalls;
  readonly clock: Clock;
  /** @throws GW_EVENTS_INVALID */
  load(task: WorkerTask): Promise<Events>;
  /** What the user's code logs and prints goes to the node's log. @returns to be called before the port is closed */
  openOutput(options: UserOutputOptions): () => void;
  /** What the user's code counts is counted there. */
  count(series: SeriesStore): void;
  /** The last of the user's code has run: what it has opened is closed. */
  finish(): Promise<void>;
  /** Its link is there. */
  linked?(link: ThreadLink): void;
}

/** One generation of a worker slot: the thread pool's task. It resolves when the thread has stopped in good order. */
export default async function runWorkerThread(task: WorkerTask): Promise<void> {
  await runThread(task, {
    gateway: Gateway,
    clock: systemClock,
    load: loadEvents,
    openOutput: openUserOutput,
    count: attachMetrics,
    finish: closeDatabases,
  });
}

/** The life of a thread. */
export async function runThread(task: WorkerTask, host: ThreadHost): Promise<void> {
  const { gateway, clock } = host;
  const { port, memory, slot, count, node } = task;
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a MessagePort, not a window
  const post = (message: ThreadMessage): void => port.postMessage(message);
  const log = createLogger({
    level: task.logLevel,
    destination: { write: (line: string) => post({ kind: 'log', line }) },
  }).child({ worker: slot });

  let worker: BusinessWorker | undefined;
  let transfer: StateTransfer | undefined;
  const silence = host.openOutput({
    task,
    post,
    currentClient: () => worker?.handlers.currentClientId(),
    report: (fields, message) => log.warn(fields, message),
  });
  const problems = new LogOnce(log, clock);
  host.count(
    new ThreadSeries({
      onSeries: (series) => post({ kind: 'series', series }),
      onRefused: (metric, why) => problems.warn(`metric ${metric}`, { metric }, why),
    }),
  );
  const requests = new PendingQueries(clock);
  const link = new ThreadLink(`slot ${slot}`, memory);
  host.linked?.(link);
  const transport = new ThreadTransport(link, {
    bufferSize: memory.commandBufferSize,
    thread: memory.number,
  });
  transport.setGateways(task.gateways);
  const orders = receiveOrders(port, {
    release: (clientId, routes) => worker?.release(clientId, routes),
    gateways(states) {
      for (const lost of transport.setGateways(states)) {
        requests.lost(lost);
        worker?.routes.lost(lost);
      }
    },
    handOver: (order) => transfer?.handOver(order),
    takeOver: (state) => void transfer?.takeOver(state),
    goOn: () => transfer?.goOn(),
  });
  gateway.attach({ transport, requests });
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
  let due = clock.now() + BEAT;
  const beats = clock.setInterval(() => {
    const now = clock.now();
    gauge.cameRound(Math.max(0, now - due) / 1000, performance.eventLoopUtilization().active / 1000);
    due = now + BEAT;
    beat(gauge);
    worker?.handlers.giveUpOnLate(performance.now());
  }, BEAT);

  const info: WorkerInfo = { id: slot, count, node, name: `${node}:${slot}` };
  let events: Events;
  let messages: ReadonlyMap<string, CheckedMessage> | undefined;
  try {
    post({ kind: 'step', step: 'load' });
    events = await host.load(task);
    if (events.messages !== undefined) messages = await compileMessages(events.messages, task.eventsFolder);
    post({ kind: 'step', step: 'onWorkerStart' });
    await startEvents(events, info);
  } catch (error) {
    // one of ours says why in its message already
    const { code, message } =
      error instanceof GatewayError ? error : new GatewayError('GW_EVENTS_START', messageOf(error));
    post({ kind: 'failed', code, message });
    beats.cancel();
    problems.close();
    silence();
    port.close();
    return;
  }

  const { processTimeout } = task;
  worker = new BusinessWorker({
    link,
    events,
    messages,
    gateway,
    gauge,
    log,
    dialectOf: (client) => transport.dialectOf(client),
    reaches: (client) => transport.reaches(client),
    processTimeout,
    clock,
  });
  transport.worker = worker;
  gateway.attachContext(worker.handlers);
  beat(gauge);
  transfer = new StateTransfer({ worker, events, info, link, clock, log, processTimeout, post });
  post({
    kind: 'ready',
    handshakes: events.onHandshake !== undefined,
    requests: events.onRequest !== undefined,
    handsOver: events.onHandOver !== undefined,
    takesOver: events.onTakeOver !== undefined,
  });

  const { takeover, pending } = await orders.serve;
  worker.serve(takeover, pending);

  const order = await orders.end;
  if (order.kind === 'stop') {
    await link.eventsEnded();
    worker.routes.end();
  } else {
    let retired = false;
    worker.retire((clientId) => {
      // what the handler sent leaves before its client's next handler sends anything, in another thread
      if (retired) void link.settled().then(() => post({ kind: 'released', clientId }));
    });
    await link.leaveEvents();
    retired = true;
    post({ kind: 'retired', pending: worker.handlers.pending });
  }
  const hurried = orders.hurry.then(async ({ timeout }) => await elapse(clock, timeout));
  await Promise.race([worker.idle(), elapse(clock, order.timeout), hurried]);
  try {
    await events.onWorkerStop?.(info);
  } catch (error) {
    log.error({ err: error }, `onWorkerStop failed: ${messageOf(error)}`);
  }
  beats.cancel();
  showDatabases(gauge);
  await host.finish();
  await link.close();
  worker.close();
  problems.close();
  silence();
  port.close();
}

/** Shows that the event loop comes round, and what the thread takes. */
function beat(gauge: ThreadGauge): void {
  const { used_heap_size: heap, external_memory: external } = getHeapStatistics();
  gauge.beat(threadId, heap, external);
  if (threadDatabases.size > 0) showDatabases(gauge);
}

async function closeDatabases(): Promise<void> {
  await Promise.all([...threadDatabases].map(async (database) => await database.close()));
}

function showDatabases(gauge: ThreadGauge): void {
  const counts = sumOfCounts([...threadDatabases].map((database) => database.counts));
  if (counts !== undefined) gauge.showDatabases(threadDatabases.size, counts);
}
