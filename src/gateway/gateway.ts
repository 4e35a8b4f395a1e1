import { existsSync } from 'node:fs';
import type { Clock } from '../base/clock.js';
import type { GatewayConfig } from '../config/schema.js';
import { GatewayError } from '../base/errors.js';
import type { Link } from '../link/link.js';
import type { Logger } from '../base/log.js';
import { LogOnce } from '../base/log-once.js';
import { formatClientId, ipToNumber } from '../wire/client-id.js';
import { Command, Flag, commandName } from '../wire/command.js';
import type { ReceivedFrame } from '../wire/frame.js';
import { encodeHandshake } from '../wire/handshake.js';
import { Asker } from './asker.js';
import { ClientRecord } from './client-record.js';
import { commands } from './commands/commands.js';
import type { CommandTarget } from './commands/command-handler.js';
import { queries } from './commands/query.js';
import { Counters } from './counters.js';
import { Directory } from './directory.js';
import { Dispatcher } from './dispatcher.js';
import { EndedClients } from './ended-clients.js';
import { Heartbeat } from './heartbeat.js';
import { type InnerHost, type InnerIdentity, type InnerSettings, innerSettings } from './inner/inner-host.js';
import { PhpSessions } from './inner/php-sessions.js';
import { OutgoingMessage } from './outgoing-message.js';
import { Outbox } from './outbox.js';
import { openListener } from './protocols/listener.js';
import type {
  Admission,
  ClientHost,
  ClientPort,
  Connection,
  HandshakeRequest,
  Health,
  Listener,
} from './protocols/protocol.js';
import { loadRouter } from './router.js';
import { SessionState } from './session-state.js';
import { WorkerPeer, type WorkerPeerStatus } from './worker-peer.js';
import { Workers } from './workers.js';

const EMPTY = Buffer.alloc(0);
/** Clients closed per turn of the event loop at a shutdown, so that their close handshakes do not all wait for one. */
const CLOSES_PER_TURN = 500;
const GOING_AWAY = 1001;
/** Milliseconds without any worker after which new clients are turned away; those that are here go on waiting. */
const UNSERVED_LIMIT = 10_000;
/** Bytes from which on it pays to ask whether a message can be sent before it is encoded. */
const LONG_MESSAGE = 4096;

export interface GatewayOptions extends InnerIdentity {
  /** Where protocol and router modules are compiled to, if not beside them. */
  readonly stateDir?: string;
  readonly log: Logger;
  readonly clock: Clock;
}

/**
 * Holds the clients' connections and does network I/O only: what clients do goes to the workers as events, what workers
 * want comes back as commands.
 */
export class Gateway implements ClientHost, CommandTarget, InnerHost {
  readonly inner: InnerSettings;
  readonly clock: Clock;
  readonly log: Logger;
  readonly directory = new Directory();
  readonly counters = new Counters();
  readonly phpSessions: PhpSessions;
  readonly #config: GatewayConfig;
  readonly #stateDir: string;
  readonly #problems: LogOnce;
  readonly #outbox: Outbox<ClientRecord>;
  readonly #heartbeat: Heartbeat;
  readonly #pingMessage: OutgoingMessage | undefined;
  readonly #listeners: Listener[] = [];
  readonly #workers: Workers;
  readonly #dispatcher: Dispatcher;
  readonly #ended: EndedClients;
  readonly #gaveUp: Promise<void>;
  #onGaveUp!: () => void;
  #stopping = false;
  #onEmpty: (() => void) | undefined;

  constructor(config: GatewayConfig, { log, clock, stateDir = '', ...identity }: GatewayOptions) {
    this.#config = config;
    this.#stateDir = stateDir;
    this.log = log;
    this.clock = clock;
    this.inner = innerSettings(config, identity);
    this.#gaveUp = new Promise((resolve) => (this.#onGaveUp = resolve));
    this.#problems = new LogOnce(log, clock);
    this.phpSessions = new PhpSessions(identity.address, this.#problems);
    this.#outbox = new Outbox((client, bytes, messages) => this.#write(client, bytes, messages));
    if (config.pingData !== '')
      this.#pingMessage = new OutgoingMessage(Buffer.from(config.pingData), Flag.PLAIN_BODY);
    this.#heartbeat = new Heartbeat(
      config,
      clock,
      () => this.directory.clients(),
      (client) => !client.transport.port.heartbeat,
      (client) => this.#ping(client),
      (client) => {
        this.counters.heartbeatDrops++;
        this.drop(client);
      },
    );
    this.#ended = new EndedClients(
      clock,
      (client) => this.#dispatcher.dispatch(client, Command.CLIENT_ENDED, Flag.PLAIN_BODY, EMPTY),
      (client) => this.finish(client),
    );
    this.#workers = new Workers(clock);
    this.#dispatcher = new Dispatcher(identity.address, this.#workers, {
      unheard: (client) => this.#ended.unheard(client),
      datagramDropped: (client) => this.#datagramDropped(client),
    });
  }

  /** The urls of the open listeners, with their real ports. */
  get listeners(): string[] {
    return this.#listeners.map(({ port }) => port.url);
  }

  /** The open ports, in the order of the configuration. */
  get ports(): readonly ClientPort[] {
    return this.#listeners.map(({ port }) => port);
  }

  /** Every worker that there is a link to, in the order of their coming. */
  get peers(): WorkerPeerStatus[] {
    return this.#workers.status;
  }

  /** The client id of one of our clients. */
  clientIdOf(client: ClientRecord): string {
    return formatClientId(this.inner.address.ip, this.inner.address.port, client.id);
  }

  /**
   * Opens every listener, or none.
   *
   * @throws GW_LISTEN, GW_PROTOCOL_MODULE
   */
  async listen(): Promise<void> {
    const stateDir = this.#stateDir;
    this.#workers.route = await loadRouter(
      this.#config.router,
      (error) => this.#problem('router', error),
      stateDir,
    );
    try {
      for (const { url, static: staticRoot, protocol, subprotocols, tls, heartbeat } of this.#config.listen) {
        const { maxPackageSize, maxHeaderSize, udpIdleTimeout } = this.#config;
        const listener = await openListener(
          {
            url,
            staticRoot,
            protocolModule: protocol,
            stateDir,
            subprotocols,
            tls,
            heartbeat,
            maxPackageSize,
            maxHeaderSize,
            udpIdleTimeout,
          },
          this,
        );
        this.#listeners.push(listener);
        if (staticRoot !== undefined && !existsSync(staticRoot)) {
          this.log.warn(
            { url, static: staticRoot },
            `${url}: the folder of static files ${staticRoot} does not exist`,
          );
        }
      }
    } catch (error) {
      await Promise.all(this.#listeners.splice(0).map((listener) => listener.close()));
      throw error;
    }
  }

  /** Takes in a worker that came otherwise than by the inner port. @param local whether it runs in this process */
  addWorker(link: Link, { local }: { local: boolean }): void {
    const peer = new WorkerPeer(link, { local });
    const asker = new Asker(link, this.inner.address);
    link.subscribe({
      frame: (frame) => {
        try {
          this.command(asker, frame);
        } catch (error) {
          // the frame is skipped: what one handler sent ends neither its thread nor this one
          this.#problems.warn('worker command', { worker: peer.name }, (error as Error).message);
        }
      },
      drained: () => this.drained(peer),
      closed: (error) => {
        if (error !== undefined)
          this.log.warn({ worker: peer.name, err: error }, 'the link to a worker broke');
        this.leave(peer);
      },
    });
    this.join(peer);
  }

  /**
   * Takes no more clients, and closes those that are here. Resolves when their last events are on their way to the
   * workers, and the ports are free.
   *
   * @param timeout milliseconds after which connections that are still there are ended at once
   */
  async close(timeout: number): Promise<void> {
    this.#stopping = true;
    this.#heartbeat.close();
    this.#ended.close();
    const timer = this.clock.setTimeout(() => this.#giveUp(), timeout);
    let count = 0;
    for (const client of this.directory.clients()) {
      this.#outbox.flushClient(client);
      this.#dispatcher.resumeReading(client);
      client.transport.close(GOING_AWAY, 'server is stopping');
      if (++count % CLOSES_PER_TURN === 0) await new Promise<void>((resolve) => void setImmediate(resolve));
    }
    if (this.directory.size > 0) await new Promise<void>((resolve) => (this.#onEmpty = resolve));
    await Promise.race([this.#dispatcher.settled(), this.#gaveUp]);
    timer.cancel();
    // last: until now the health check has answered that this node is stopping
    await Promise.all(this.#listeners.splice(0).map((listener) => listener.close()));
    this.#problems.close();
  }

  /** Ends every connection at once, and waits no longer for events that no worker takes. */
  #giveUp(): void {
    for (const client of this.directory.clients()) client.transport.destroy();
    this.#onGaveUp();
  }

  // ---- what listeners report ----

  get health(): Health {
    if (this.#stopping) return 'stopping';
    return this.#workers.unservedFor > UNSERVED_LIMIT ? 'unavailable' : 'ok';
  }

  admits(): Admission {
    const { maxConnections } = this.#config;
    let admission: Admission = 'welcome';
    if (this.#stopping || (maxConnections > 0 && this.directory.size >= maxConnections)) admission = 'full';
    else if (this.#workers.unservedFor > UNSERVED_LIMIT) admission = 'unavailable';
    if (admission !== 'welcome') this.counters.refusedConnections++;
    return admission;
  }

  opened(transport: Connection, handshake?: HandshakeRequest): void {
    const client = new ClientRecord(this.directory.nextId(), transport, ipv4(transport.remoteAddress));
    transport.client = client;
    this.directory.add(client);
    this.counters.connections++;
    transport.port.connections++;
    if (client.address !== '') client.state = new SessionState();
    this.#dispatcher.dispatch(client, Command.ON_CONNECT, Flag.PLAIN_BODY, EMPTY);
    if (handshake === undefined) return;
    const { remoteAddress, remotePort, port } = transport;
    const body = encodeHandshake({ ...handshake, remoteAddress, remotePort, serverPort: port.port });
    this.#dispatcher.dispatch(client, Command.ON_WEBSOCKET_CONNECT, 0, body);
  }

  message(transport: Connection, data: Buffer, binary: boolean): void {
    const client = transport.client as ClientRecord;
    client.silentRounds = -1;
    this.counters.messagesIn++;
    const flags = binary ? Flag.PLAIN_BODY | Flag.BINARY : Flag.PLAIN_BODY;
    this.#dispatcher.dispatch(client, Command.ON_MESSAGE, flags, data);
  }

  alive(transport: Connection): void {
    const client = transport.client as ClientRecord;
    client.silentRounds = -1;
    client.pulse?.answered();
  }

  ended(transport: Connection, patience: number): void {
    this.#ended.add(transport.client as ClientRecord, patience);
  }

  closed(transport: Connection): void {
    const client = transport.client as ClientRecord;
    client.gone = true;
    this.#ended.delete(client);
    client.reading = false;
    client.outgoing = undefined;
    this.#dispatcher.dispatch(client, Command.ON_CLOSE, Flag.PLAIN_BODY, EMPTY);
    this.directory.remove(client);
    transport.port.connections--;
    this.#dispatcher.forget(client);
    if (this.directory.size === 0) this.#onEmpty?.();
  }

  refused(kind: string, remoteAddress: string, message: string): void {
    this.counters.refused(kind);
    this.#problems.warn(kind, { remoteAddress }, message);
  }

  // ---- what commands do ----

  deliver(client: ClientRecord, message: OutgoingMessage): void {
    if (client.gone) return;
    // one that would be dropped is not encoded first: a flood would make garbage faster than it is collected
    if (message.length > LONG_MESSAGE && this.#isTooSlow(client, 1)) return;
    const bytes = message.encodedFor(client);
    if (client.transport.protocol.datagrams) this.#write(client, bytes, 1);
    else this.#outbox.push(client, bytes);
  }

  kick(client: ClientRecord): void {
    this.#outbox.flushClient(client);
    this.#dispatcher.resumeReading(client);
    client.transport.close();
  }

  finish(client: ClientRecord): void {
    // a worker that asks for it without need ends nobody
    if (!this.#ended.has(client)) return;
    this.#outbox.flushClient(client);
    client.transport.finish();
  }

  drop(client: ClientRecord): void {
    client.transport.destroy();
  }

  stateOf(client: ClientRecord): SessionState {
    client.state ??= new SessionState();
    return client.state;
  }

  pauseByWorker(client: ClientRecord): void {
    this.#dispatcher.pauseByWorker(client);
  }

  resumeByWorker(client: ClientRecord): void {
    this.#dispatcher.resumeByWorker(client);
  }

  // ---- workers ----

  join(peer: WorkerPeer): void {
    this.#dispatcher.add(peer);
  }

  leave(peer: WorkerPeer): void {
    this.#dispatcher.remove(peer);
  }

  drained(peer: WorkerPeer): void {
    this.#dispatcher.drained(peer);
  }

  innerRefused(kind: string, remoteAddress: string, error: Error): void {
    this.counters.innerRefused(kind);
    this.#problems.warn(`inner port: ${kind}`, { remoteAddress }, error.message);
  }

  command(asker: Asker, frame: ReceivedFrame): void {
    const handle = commands[frame.command];
    if (handle !== undefined) {
      handle(this, frame);
      return;
    }
    const answer = queries[frame.command];
    if (answer === undefined) {
      throw new GatewayError(
        'GW_FRAME',
        `${asker.name} sent ${commandName(frame.command)}, which no gateway knows.`,
      );
    }
    try {
      asker.answer(frame, answer(this, frame));
    } catch (error) {
      // whoever asked is not to wait for it, nor to take a later answer for this one
      asker.answerNothing(frame);
      throw error;
    }
  }

  // ---- clients ----

  #datagramDropped({ transport: { remoteAddress } }: ClientRecord): void {
    this.counters.datagramsDropped++;
    this.#problems.warn(
      'datagram dropped',
      { remoteAddress },
      'a datagram is dropped: too many of its client wait',
    );
  }

  #write(client: ClientRecord, bytes: Buffer, messages: number): void {
    if (client.gone || this.#isTooSlow(client, messages)) return;
    this.counters.messagesOut += messages;
    client.transport.write(bytes);
  }

  /** Whether messages to a client are dropped because it does not read what it was sent before; by policy it is closed. */
  #isTooSlow(client: ClientRecord, messages: number): boolean {
    const { sendToClientBufferSize, slowClient } = this.#config;
    const waiting = client.transport.bufferedBytes;
    // looks at what waits already, so that one message larger than the buffer passes
    if (waiting <= sendToClientBufferSize) return false;
    this.counters.messagesDropped += messages;
    if (slowClient === 'drop' || client.tooSlow) return true;
    client.tooSlow = true;
    this.counters.slowClients++;
    this.#problems.warn(
      'slow client',
      { remoteAddress: client.transport.remoteAddress, waiting },
      `a client takes less than it is sent: ${waiting} bytes wait for it, ${sendToClientBufferSize} may (sendToClientBufferSize); it is closed`,
    );
    client.transport.destroy();
    return true;
  }

  #ping(client: ClientRecord): void {
    if (this.#pingMessage === undefined) {
      client.transport.ping();
    } else {
      this.deliver(client, this.#pingMessage);
      // at once: the heartbeat has to know which bytes are its own
      this.#outbox.flushClient(client);
    }
  }

  #problem(kind: string, error: Error): void {
    this.#problems.warn(kind, { err: error }, error.message);
  }
}

/** 0 for an IPv6 address, and for none: a connection that was reset before it was seen has no address any more. */
function ipv4(address: string): number {
  return address === '' || address.includes(':') ? 0 : ipToNumber(address);
}
