import { GatewayError } from '../../base/errors.js';
import type { Logger } from '../../base/log.js';
import { refuseIfRunning } from './pid-file.js';
import { LoggedReloads, type Reloadable } from './logged-reloads.js';
import type { NodeFiles } from './node-files.js';
import { isReadOnly, Presence } from './presence.js';
import type { AdminLink } from '../requests/admin.js';
import type { ReloadNote } from '../requests/reload.js';
import type { Answerer, NodeRequest } from '../requests/requests.js';
import { report } from './node-report.js';
import { obeySignals } from './process-signals.js';

/** Another signal while the node stops ends it at once, with this. */
const STATUS_CUT_SHORT = 1;

/** A node, or a group of nodes. */
export interface ServedNode extends Answerer, Reloadable {
  readonly listeners: readonly string[];
  stop(graceful: boolean): Promise<void>;
}

/** The admin listener, open. */
export interface OpenAdmin {
  readonly link: AdminLink;
  /** Reads its certificates anew. @returns puts them to use. @throws GW_TLS */
  readCertificates(): Promise<() => void>;
  close(): Promise<void>;
}

export interface NodeProcessOptions<N extends ServedNode> {
  readonly files: NodeFiles;
  /** The configuration file; undefined when there is none. */
  readonly config: string | undefined;
  /** Whether a supervisor has started this process, and is to be told. */
  readonly supervised: boolean;
  readonly log: Logger;
  /** Where the log goes when it goes to a file. */
  readonly logFile: { readonly path: string; readonly reopen: () => void } | undefined;
  /** How many nodes this process leads; undefined when it is the only one. */
  readonly nodes: number | undefined;
  /** Opens the admin listener; undefined where there is none. */
  readonly openAdmin: ((host: NodeProcess<N>) => Promise<OpenAdmin>) | undefined;
  readonly start: () => Promise<N>;
  /** The node is up. */
  readonly onUp: (node: N) => void;
  /** Code was compiled, and none is being compiled now. */
  readonly onBuilt: () => void;
}

/** The process that a node runs in: its pid file, control socket and admin listener, its signals, its end. */
export class NodeProcess<N extends ServedNode> implements Answerer {
  readonly #options: NodeProcessOptions<N>;
  #node: N | undefined;
  readonly #reloads: LoggedReloads;
  #presence: Presence | undefined;
  #admin: OpenAdmin | undefined;
  #stopRequest: { readonly graceful: boolean } | undefined;
  /** Resolves with the first request to stop. */
  readonly #stopRequested: Promise<{ readonly graceful: boolean }>;
  #requestStop!: (request: { readonly graceful: boolean }) => void;
  readonly #stopped: Promise<void>;
  #markStopped!: (result: Promise<void> | void) => void;

  constructor(options: NodeProcessOptions<N>) {
    this.#options = options;
    this.#reloads = new LoggedReloads(options.log, options.onBuilt);
    this.#stopRequested = new Promise((resolve) => (this.#requestStop = resolve));
    this.#stopped = new Promise((resolve) => (this.#markStopped = resolve));
    // run() reports a stop that fails, also when no command waits for it
    this.#stopped.catch(() => {});
  }

  /**
   * From start to stop.
   *
   * @throws GatewayError when the node runs already, does not start, or does not stop
   */
  async run(): Promise<void> {
    // before the pid file, so that whoever finds that may use them
    this.#obeySignals();
    if (this.#options.supervised) this.#outliveSupervisor();
    await this.#appear();
    try {
      this.#admin = await this.#options.openAdmin?.(this);
      // a node that is still starting has nothing to lose yet, and need not be waited for
      const node = await Promise.race([this.#options.start(), this.#stopRequested.then(() => undefined)]);
      if (node) await this.#serve(node);
    } finally {
      this.#markStopped();
      await this.#admin?.close();
      await this.#presence?.close();
    }
    this.#options.log.info('stopped');
  }

  /** How its admin listener is reached. */
  get admin(): AdminLink | undefined {
    return this.#admin?.link;
  }

  get phase(): 'starting' | 'up' | 'stopping' {
    if (this.#stopRequest) return 'stopping';
    return this.#node === undefined ? 'starting' : 'up';
  }

  /** What runs in it. @throws GW_CONTROL when it is not up */
  get node(): N {
    if (this.#stopRequest) throw notNow('The node is stopping');
    if (!this.#node) throw notNow('The node is still starting');
    return this.#node;
  }

  async answer(request: NodeRequest): Promise<unknown> {
    switch (request.command) {
      case 'reload':
        return await this.reload(request.graceful);
      case 'stop':
        await this.stop(request.graceful);
        return null;
      case 'admin':
        return this.admin ?? null;
      default:
        return await this.node.answer(request);
    }
  }

  async reload(graceful: boolean): Promise<ReloadNote | null> {
    const { node } = this;
    const all: Reloadable = {
      reload: async () => {
        const useCertificates = await this.#admin?.readCertificates();
        const note = await node.reload(graceful);
        useCertificates?.();
        return note;
      },
    };
    return await this.#reloads.run(all, graceful);
  }

  async stop(graceful: boolean): Promise<void> {
    this.#beginStop({ graceful, by: 'the stop command' });
    await this.#stopped;
  }

  async #serve(node: N): Promise<void> {
    this.#node = node;
    this.#options.onUp(node);
    this.#options.onBuilt();
    if (this.#options.supervised) await report({ event: 'up', pid: process.pid, listeners: node.listeners });
    const { graceful } = await this.#stopRequested;
    const stopping = node.stop(graceful);
    this.#markStopped(stopping);
    await stopping;
  }

  async #appear(): Promise<void> {
    const { files, config, supervised, log, logFile, nodes } = this.#options;
    if (!supervised) await refuseIfRunning(files);
    try {
      this.#presence = await Presence.open(this, {
        pidFile: files.pidFile,
        config: config ?? null,
        logFile: logFile?.path ?? null,
        nodes,
        log,
      });
    } catch (error) {
      if (supervised || !isReadOnly(error)) throw error;
      log.warn(`${(error as Error).message} Until then no command finds this node: only signals reach it.`);
    }
  }

  #obeySignals(): void {
    const { log, logFile } = this.#options;
    obeySignals({
      stop: (signal) => {
        if (this.#stopRequest) {
          log.warn({ by: signal }, 'ended at once, before it had stopped');
          process.exit(STATUS_CUT_SHORT);
        }
        this.#beginStop({ graceful: false, by: signal });
      },
      reload: () => {
        // the log says how it ended
        this.reload(false).catch(() => {});
      },
      reopenLog: logFile?.reopen,
    });
  }

  #outliveSupervisor(): void {
    process.on('disconnect', () =>
      this.#options.log.warn('the supervisor has died: this node goes on, but nobody would start it again'),
    );
    // the supervisor is no reason to live on
    process.channel?.unref();
  }

  #beginStop({ graceful, by }: { graceful: boolean; by: string }): void {
    if (this.#stopRequest) return;
    this.#stopRequest = { graceful };
    const { log, supervised } = this.#options;
    log.info({ by, graceful }, 'stopping');
    if (supervised) void report({ event: 'stopping' });
    this.#requestStop(this.#stopRequest);
  }
}

/** A command that the node would carry out at another time. */
function notNow(why: string): GatewayError {
  return new GatewayError('GW_CONTROL', `${why}: expected one that is up. Try again in a moment.`);
}
