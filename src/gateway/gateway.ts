import { type Clock, type Timer, elapse } from '../base/clock.js';
import type { GatewayConfig } from '../config/schema.js';
import type { Link } from '../link/link.js';
import type { Logger } from '../base/log.js';
import { LogOnce } from '../base/log-once.js';
import { formatClientId } from '../wire/client-id.js';
import { Asker } from './asker.js';
import type { ClientRecord } from './client-record.js';
import { Clients } from './clients.js';
import { type ClientMirror, type ClientWatcher, MirrorAndWatcher } from './client-watcher.js';
import { CommandDesk } from './command-desk.js';
import { Counters } from './counters.js';
import { Delivery } from './delivery.js';
import { Directory } from './directory.js';
import { Dispatcher } from './dispatcher.js';
import { Heartbeat } from './heartbeat.js';
import { Interest } from './interest.js';
import { type InnerHost, type InnerIdentity, type InnerSettings, innerSettings } from './inner/inner-host.js';
import { PhpSessions } from './inner/php-sessions.js';
import { openListener } from './protocols/listener.js';
import type { ListenerContext } from './protocols/listener-context.js';
import type { Listener } from './protocols/protocol.js';
import { loadRouter } from './router.js';
import { Routes } from './routes.js';
import { UidClaims } from './uid-claims.js';
import { WorkerMessages } from './worker-messages.js';
import { WorkerPeer, type WorkerPeerStatus } from './worker-peer.js';
import { Workers } from './workers.js';

export interface GatewayOptions extends InnerIdentity {
  /** Where protocol and router modules are compiled to, if not beside them. */
  readonly stateDir?: string;
  readonly log: Logger;
  readonly clock: Clock;
}

/**
 * Holds the clients' connections and does network I/O only: what clients do goes to the workers as events, what workers
 * want comes back as commands. Here is put together who does that:
 *
 *    connections ──► Clients ──► Dispatcher ──► workers
 *         ▲                                        │
 *         └────── Delivery ◄──── CommandDesk ◄─────┘
 */
export class Gateway implements InnerHost {
  readonly inner: InnerSettings;
  readonly clock: Clock;
  readonly log: Logger;
  readonly directory = new Directory();
  readonly interest: Interest;
  readonly counters = new Counters();
  readonly phpSessions: PhpSessions;
  readonly dispatcher: Dispatcher;
  readonly clients: Clients;
  readonly desk: CommandDesk;
  readonly #config: GatewayConfig;
  readonly #stateDir: string;
  readonly #problems: LogOnce;
  readonly #workers: Workers;
  readonly #delivery: Delivery;
  readonly #heartbeat: Heartbeat;
  readonly #listeners: Listener[] = [];
  #mirror: ClientMirror | undefined;

  constructor(config: GatewayConfig, { log, clock, stateDir = '', ...identity }: GatewayOptions) {
    const { address } = identity;
    const { directory, counters } = this;
    this.#config = config;
    this.#stateDir = stateDir;
    this.log = log;
    this.clock = clock;
    this.interest = new Interest(directory, clock);
    this.inner = innerSettings(config, identity);
    const problems = new LogOnce(log, clock);
    const workers = new Workers(clock);
    const delivery = new Delivery(config, counters, problems, this.interest);
    const dispatcher = new Dispatcher(address, workers, {
      unheard: (client) => this.clients.unheard(client),
      served: () => this.clients.served(),
      lost: (peer) => this.clients.lost(peer),
      datagramDropped: (client) => this.clients.datagramDropped(client),
      workerJoined: (peer) => routes.joined(peer),
      workerLeft: (peer) => routes.left(peer),
    });
    const routes = new Routes({ address, directory, workers, dispatcher, problems });
    this.#problems = problems;
    this.#workers = workers;
    this.#delivery = delivery;
    this.dispatcher = dispatcher;
    this.clients = new Clients({
      maxConnections: config.maxConnections,
      address,
      clock,
      problems,
      counters,
      directory,
      workers,
      dispatcher,
      delivery,
    });
    const workerMessages = new WorkerMessages({
      address,
      workers,
      counters,
      problems,
      bufferSize: config.sendToWorkerBufferSize,
    });
    this.phpSessions = new PhpSessions(address, problems);
    const { clients, phpSessions } = this;
    this.desk = new CommandDesk({
      directory,
      delivery,
      clients,
      dispatcher,
      routes,
      workerMessages,
      phpSessions,
      interest: this.interest,
      uidClaims: new UidClaims(directory, clock, (client) => this.clientIdOf(client)),
      isOurs: ({ localIp, localPort }) => localIp === address.ip && localPort === address.port,
    });
    this.#heartbeat = new Heartbeat(
      config,
      clock,
      () => directory.clients(),
      ({ connection }) => !connection.listener.heartbeat || connection.protocol.ownHeartbeat === true,
      (client) => delivery.ping(client),
      (client) => {
        counters.heartbeatDrops++;
        this.clients.drop(client, 'heartbeat');
      },
    );
  }

  /** The urls of the open listeners, with their real ports. */
  get listeners(): string[] {
    return this.#listeners.map(({ context }) => context.url);
  }

  /** What the clients of each open listener carry, in the order of the configuration. */
  get listenerContexts(): readonly ListenerContext[] {
    return this.#listeners.map(({ context }) => context);
  }

  /** Every worker that there is a link to, in the order of their coming. */
  get peers(): WorkerPeerStatus[] {
    return this.#workers.status;
  }

  /** Who is told of everything that happens to clients from now on; undefined for nobody. */
  watch(watcher: ClientWatcher | undefined): void {
    const mirror = this.#mirror;
    this.directory.watcher = mirror === undefined ? watcher : new MirrorAndWatcher(mirror, watcher);
    this.dispatcher.watcher = watcher;
    this.#delivery.watcher = watcher;
  }

  /** Who is told from the beginning which clients come and go, and what they send. */
  mirror(mirror: ClientMirror): void {
    this.#mirror = mirror;
    this.watch(undefined);
  }

  /** The client id of one of our clients. */
  clientIdOf(client: ClientRecord): string {
    return formatClientId(this.inner.address.ip, this.inner.address.port, client.id);
  }

  /**
   * Opens every listener, or none.
   *
   * @throws GW_LISTEN, GW_TLS, GW_PROTOCOL_MODULE
   */
  async listen(): Promise<void> {
    const stateDir = this.#stateDir;
    this.#workers.router = await loadRouter(
      this.#config.router,
      (error) => this.#problems.warn('router', { err: error }, error.message),
      stateDir,
    );
    try {
      const { maxPackageSize, maxHeaderSize, udpIdleTimeout, trustedProxies } = this.#config;
      const common = { stateDir, maxPackageSize, maxHeaderSize, udpIdleTimeout, trustedProxies };
      for (const settings of this.#config.listen) {
        const listener = await openListener({ ...settings, ...common }, this.clients);
        this.#listeners.push(listener);
        this.#logCertificates(listener.context);
      }
    } catch (error) {
      await Promise.all(this.#listeners.splice(0).map((listener) => listener.close()));
      throw error;
    }
  }

  /** Whether there is a listener with TLS. */
  get hasCertificates(): boolean {
    return this.listenerContexts.some(({ tls }) => tls !== undefined);
  }

  /**
   * Reads the certificates of all listeners anew, and changes nothing yet.
   *
   * @returns puts them to use: connections that are open go on with what they have
   * @throws GW_TLS
   */
  async readCertificates(): Promise<() => void> {
    const contexts = this.listenerContexts;
    const read = await Promise.all(contexts.map(async ({ tls }) => await tls?.read()));
    return () => {
      for (const [index, certificates] of read.entries()) {
        if (certificates === undefined) continue;
        contexts[index].tls?.use(certificates);
        this.#logCertificates(contexts[index]);
      }
    };
  }

  /** Takes in a worker that came otherwise than by the inner port. @param local whether it runs in this process */
  addWorker(link: Link, { local }: { local: boolean }): void {
    const peer = new WorkerPeer(link, { local });
    const asker = new Asker(link, this.inner.address, peer);
    link.subscribe({
      frame: (frame) => {
        try {
          this.desk.carryOut(asker, frame);
        } catch (error) {
          // the frame is skipped: what one handler sent ends neither its thread nor this one
          this.#problems.warn('worker command', { worker: peer.name }, (error as Error).message);
        }
      },
      drained: () => this.dispatcher.drained(peer),
      closed: (error) => {
        if (error !== undefined)
          this.log.warn({ worker: peer.name, err: error }, 'the link to a worker broke');
        this.dispatcher.remove(peer);
      },
    });
    this.dispatcher.add(peer);
  }

  innerRefused(kind: string, remoteAddress: string, error: Error): void {
    this.counters.innerRefused(kind);
    this.#problems.warn(`inner port: ${kind}`, { remoteAddress }, error.message);
  }

  /** Says to whoever asks for its health that it stops, and gives them `drainDelay` to turn to other nodes. */
  async announceEnd(): Promise<void> {
    this.clients.announceEnd();
    const { drainDelay } = this.#config;
    if (drainDelay > 0) await elapse(this.clock, drainDelay * 1000);
  }

  /**
   * Takes no more clients, and closes those that are here, over `drainTime`. Resolves when their last events are on their
   * way to the workers, and the ports are free.
   *
   * @param timeout milliseconds beyond that after which connections that are still there are ended at once, and events that no worker
   *   takes are waited for no longer
   */
  async close(timeout: number): Promise<void> {
    const drainTime = this.#config.drainTime * 1000;
    let timer: Timer | undefined;
    const timeIsOver = new Promise<void>((resolve) => {
      timer = this.clock.setTimeout(() => {
        this.clients.destroy();
        resolve();
      }, drainTime + timeout);
    });
    await this.clients.close(drainTime);
    this.#heartbeat.close();
    await Promise.race([this.dispatcher.settled(), timeIsOver]);
    timer?.cancel();
    // last: until now the health check has answered that this node is stopping
    await Promise.all(this.#listeners.splice(0).map((listener) => listener.close()));
    this.#problems.close();
  }

  #logCertificates({ url, tls }: ListenerContext): void {
    if (tls === undefined) return;
    const { names, validTo } = tls.certificates;
    this.log.info({ url, names, validTo }, `${url}: TLS, with certificates until ${validTo.toISOString()}`);
    for (const warning of tls.certificates.warnings(Date.now())) this.log.warn({ url }, `${url}: ${warning}`);
  }
}
