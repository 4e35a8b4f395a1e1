import { resolve } from 'node:path';
import { EventsBundle, type CompiledEvents } from '../bundle/events-bundle.js';
import type { GatewayConfig, WorkerConfig } from '../config/schema.js';
import type { UserConfig } from '../config/user-config.js';
import { validateConfig } from '../config/validate.js';
import { Gateway } from '../gateway/gateway.js';
import type { WorkerTask } from '../link/thread-protocol.js';
import { Pool } from '../pool/pool.js';
import { type Events, checkEvents } from '../worker/events.js';
import { AppLog } from './app-log.js';
import { InProcessApp } from './in-process-app.js';
import type { TestApp } from './test-app.js';
import { InProcessThreads, connectGateway } from './in-process-thread.js';
import { keepAlive } from './keep-alive.js';
import { ManualClock } from './manual-clock.js';
import { SentMessages } from './sent-messages.js';

/** The gateway of every application under test: no port is opened. */
const ADDRESS = { ip: 0x7f000001, port: 1 };

export const NO_OVERRIDES = { problems: [], origins: new Map(), warnings: [] } as const;

/** What is to be tested. */
export interface BootOptions {
  /**
   * What `events/` exports, so that your test runner's mocks and coverage apply to it; or the folder, which is compiled as
   * the framework does it: then each worker, and each reload, has variables of its own.
   */
  // oxlint-disable-next-line typescript/no-explicit-any -- sessions of all types
  readonly events: Events<any> | string;
  /** Settings of the gateway, as in the configuration. It opens no port, so `listen` is not among them. */
  readonly gateway?: Omit<Exclude<UserConfig['gateway'], false | undefined>, 'listen'>;
  /** How many workers. Default: 1. */
  readonly workers?: number;
  /** Milliseconds, of the machine's clock, that a message or {@link TestApp.settled} may take: it only bounds a failure. Default: 2000. */
  readonly patience?: number;
}

/**
 * Starts your application in this process: the real gateway and the real workers, without ports or threads, and with a clock
 * that stands still. Close it when the test is over.
 *
 * @throws GW_EVENTS_MISSING, GW_EVENTS_COMPILE, GW_EVENTS_INVALID, GW_EVENTS_START, GW_CONFIG
 */
export async function boot({
  events,
  gateway: settings = {},
  workers = 1,
  patience = 2000,
}: BootOptions): Promise<TestApp> {
  const folder = typeof events === 'string' ? events : '.';
  const config = validateConfig(
    {
      name: 'test',
      gateway: { ...settings, listen: [{ url: 'ws://127.0.0.1:0' }] },
      register: false,
      worker: { count: workers, events: folder, processTimeout: 0 },
    },
    { source: 'boot()', directory: process.cwd(), overrides: NO_OVERRIDES },
  );
  const gatewayConfig = { ...(config.gateway as GatewayConfig), listen: [] };
  const worker = config.worker as WorkerConfig;
  const clock = new ManualClock();
  const log = new AppLog();
  const threads = new InProcessThreads(clock, async (task) => await handlers(task, events));
  const pool = new Pool({
    config: worker,
    node: 'test',
    eventBufferSize: gatewayConfig.sendToWorkerBufferSize,
    localGateway: ADDRESS,
    inner: { secretKey: '', pingInterval: 25_000, tls: undefined, instance: 'test' },
    clock,
    log: log.logger,
    logLevel: 'debug',
    writeLine: log.write,
    startThread: threads.start,
    compile: async () => (typeof events === 'string' ? await EventsBundle.build(resolve(events)) : GIVEN),
  });
  const gateway = new Gateway(gatewayConfig, {
    log: log.logger,
    clock,
    address: ADDRESS,
    node: 'test',
    cluster: { secretKey: '', pingInterval: 25 },
  });
  const [disconnect, giveBackLog] = [connectGateway(threads), log.capture()];
  const onClose = async (): Promise<void> => {
    await disconnect();
    giveBackLog();
  };
  const sent = new SentMessages();
  const stopTimeout = worker.stopTimeout * 1000;
  const app = new InProcessApp({ gateway, pool, threads, sent, clock, log, patience, stopTimeout, onClose });
  try {
    await keepAlive(
      (async () => {
        await pool.prepare();
        for (const link of pool.links) gateway.addWorker(sent.watch(link), { local: true });
        await pool.start();
        await gateway.listen();
      })(),
    );
  } catch (error) {
    await app.close();
    throw error;
  }
  return app;
}

/** Code that is here already. */
const GIVEN: CompiledEvents = {
  url: 'boot()',
  locate: () => undefined,
  write: async () => await Promise.resolve(),
};

/** Starts of a thread in this process, of whatever application. */
let loads = 0;

/** Every start loads a module anew, as a thread of its own would. */
async function handlers(
  { bundle, eventsFolder }: WorkerTask,
  events: BootOptions['events'],
): Promise<Events> {
  if (typeof events !== 'string') return checkEvents({ default: events }, 'the events given to boot()');
  process.setSourceMapsEnabled(true);
  const module = (await import(`${bundle}?load=${++loads}`)) as Record<string, unknown>;
  return checkEvents(module, eventsFolder);
}
