import { AsyncLocalStorage } from 'node:async_hooks';
import { Gateway, GatewayCalls } from '../api/gateway-calls.js';
import type { ApiChannel } from '../api/base-calls.js';
import type { CurrentClient } from '../api/transport.js';
import type { Clock } from '../base/clock.js';
import { GatewayError } from '../base/errors.js';
import { threadDatabases } from '../base/thread-databases.js';
import type { ThreadLink } from '../link/thread-link.js';
import type { WorkerTask } from '../link/thread-protocol.js';
import type { SeriesStore } from '../metrics/thread-series.js';
import { attachMetrics } from '../metrics/user-metrics.js';
import type { StartThread, Thread } from '../pool/thread.js';
import { type ThreadHost, runThread } from '../worker/entry.js';
import type { Events } from '../worker/events.js';
import { keepAlive } from './keep-alive.js';

/** Whose code is running: what it calls of `Gateway` goes by its own rings, as in a thread of its own. */
const running = new AsyncLocalStorage<InProcessThread>();

/** The threads of an application under test, which are none: they run in the test's own. */
export class InProcessThreads {
  readonly #clock: Clock;
  readonly #load: (task: WorkerTask) => Promise<Events>;
  readonly #threads: InProcessThread[] = [];

  /** @param load the handlers for a thread that is being started */
  constructor(clock: Clock, load: (task: WorkerTask) => Promise<Events>) {
    this.#clock = clock;
    this.#load = load;
  }

  readonly start: StartThread = (task) => {
    const thread = new InProcessThread(task, this.#clock, this.#load);
    this.#threads.push(thread);
    void thread.ended.then(() => this.#threads.splice(this.#threads.indexOf(thread), 1));
    return thread;
  };

  /** Ends the first one of a worker, in the middle of whatever it does. @returns whether there was one */
  crash(worker: number): boolean {
    const oldest = this.#threads.find(({ slot }) => slot === worker);
    oldest?.crash();
    return oldest !== undefined;
  }

  /** Resolves when everything that they have sent so far is carried out. */
  async sent(): Promise<void> {
    await Promise.all(
      // an answer comes after what was sent before its question
      this.#threads.map(
        async (thread) => await running.run(thread, async () => await Gateway.getAllClientIdCount()),
      ),
    );
  }

  /** The one that a test's own calls go by. */
  get latest(): InProcessThread | undefined {
    return this.#threads.at(-1);
  }
}

/** The applications under test that are open, the latest last: what a test calls outside of any handler is for that. */
const open: InProcessThreads[] = [];

/** Where is counted what is counted outside of any application, such as where a test imports one. */
let outside: SeriesStore | undefined;

function currentSeries(): SeriesStore {
  return (running.getStore() ?? open.at(-1)?.latest)?.series ?? (outside as SeriesStore);
}

/** From now on `Gateway`, and what is counted, is for the application with these threads. @returns takes that back */
export function connectGateway(threads: InProcessThreads): () => Promise<void> {
  open.push(threads);
  const current = (): ApiChannel => {
    const channel = (running.getStore() ?? open.at(-1)?.latest)?.channel;
    if (channel !== undefined) return channel;
    throw new GatewayError('GW_LINK_CLOSED', 'The application under test has no worker just now.');
  };
  Gateway.attach({
    get transport() {
      return current().transport;
    },
    requests: {
      expect: async (ids, down) => await keepAlive(current().requests.expect(ids, down)),
    },
  });
  Gateway.attachContext({ currentClientId });
  outside ??= attachMetrics({
    define: (definition) => currentSeries().define(definition),
    valuesOf: (definition, labels) => currentSeries().valuesOf(definition, labels),
  });
  return async () => {
    open.splice(open.indexOf(threads), 1);
    if (open.length > 0) return;
    Gateway.detach();
    await Promise.all([...threadDatabases].map(async (database) => await database.close()));
  };
}

/** The client whose handler is running. */
export function currentClientId(): string | undefined {
  return running.getStore()?.current?.currentClientId();
}

/** What would be a thread: the same code, from its start to its end. */
class InProcessThread implements Thread {
  readonly slot: number;
  readonly ended: Promise<Error | undefined>;
  /** The API's way out of it; undefined before it has one. */
  channel: ApiChannel | undefined;
  current: CurrentClient | undefined;
  /** Where its code's metrics are counted. */
  series: SeriesStore | undefined;
  #link: ThreadLink | undefined;
  #die!: (error: Error) => void;

  constructor(task: WorkerTask, clock: Clock, load: (task: WorkerTask) => Promise<Events>) {
    this.slot = task.slot;
    const died = new Promise<Error>((resolve) => (this.#die = resolve));
    const host: ThreadHost = {
      gateway: new ThreadCalls(this),
      clock,
      load,
      openOutput: () => () => {},
      count: (series) => (this.series = series),
      // databases are the process's here: they end with the last application
      finish: async () => await Promise.resolve(),
      linked: (link) => (this.#link = link),
    };
    // what it starts belongs to it, also after an await
    const run = running.run(this, async () => {
      await runThread(task, host);
    });
    // a test that fails before it closes its application ends all the same
    setImmediate(() => task.port.unref());
    this.ended = Promise.race([
      run.then(
        () => undefined,
        (error: unknown) => error as Error,
      ),
      died,
    ]).then((error) => {
      task.port.close();
      return error;
    });
  }

  abort(): void {
    this.#end(new Error('The task has been aborted'));
  }

  crash(): void {
    this.#end(new Error('the test ended it'));
  }

  /** What its handlers send from now on throws; what they had sent before is on its way. */
  #end(error: Error): void {
    this.#link?.destroy();
    this.#die(error);
  }
}

/** The calls of one thread's clients, and where `Gateway` learns of that thread's way out. */
class ThreadCalls extends GatewayCalls {
  readonly #thread: InProcessThread;

  constructor(thread: InProcessThread) {
    super();
    this.#thread = thread;
  }

  override attach(channel: ApiChannel): void {
    super.attach(channel);
    this.#thread.channel = channel;
  }

  override attachContext(current: CurrentClient): void {
    super.attachContext(current);
    this.#thread.current = current;
  }
}
