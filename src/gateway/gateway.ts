import type { Clock } from '../clock.js';
import type { GatewayConfig } from '../config/schema.js';
import { GatewayError } from '../errors.js';
import type { Link } from '../link/link.js';
import type { Logger } from '../log.js';
import { LogOnce } from '../log-once.js';
import { Queue } from '../queue.js';
import { ipToNumber } from '../wire/client-id.js';
import { Command, Flag, commandName } from '../wire/command.js';
import { type ReceivedFrame, emptyFrame } from '../wire/frame.js';
import { encodeHandshake } from '../wire/handshake.js';
import { serialize } from '../wire/php-serialize.js';
import { Client } from './client.js';
import { commands } from './commands/commands.js';
import type { CommandTarget } from './commands/command-handler.js';
import { queries } from './commands/query.js';
import { Counters } from './counters.js';
import { Directory } from './directory.js';
import { Heartbeat } from './heartbeat.js';
import { Message } from './message.js';
import { Outbox } from './outbox.js';
import { openListener } from './protocols/listener.js';
import type { ClientHost, ClientTransport, HandshakeRequest, Listener } from './protocols/protocol.js';
import { type Router, loadRouter } from './router.js';
import { SessionState } from './session-state.js';
import { WorkerPeer } from './worker-peer.js';

const EMPTY = Buffer.alloc(0);
/** Clients closed per turn of the event loop at a shutdown, so that their close handshakes do not all wait for one. */
const CLOSES_PER_TURN = 500;
const GOING_AWAY = 1001;

/**
 * Holds the clients' connections and does network I/O only: what clients do goes to the workers as events, what workers
 * want comes back as commands.
 */
export class Gateway implements ClientHost, CommandTarget {
  readonly directory = new Directory();
  readonly counters = new Counters();
  readonly #config: GatewayConfig;
  readonly #log: Logger;
  readonly #problems: LogOnce;
  readonly #outbox: Outbox;
  readonly #heartbeat: Heartbeat;
  readonly #pingMessage: Message | undefined;
  readonly #peers: WorkerPeer[] = [];
  readonly #listeners: Listener[] = [];
  /** Clients with events that wait because there is no worker at all. */
  readonly #unrouted = new Set<Client>();
  readonly #event = emptyFrame();
  readonly #reply = emptyFrame();
  #route: Router | undefined;
  #stopping = false;
  #onEmpty: (() => void) | undefined;

  constructor(config: GatewayConfig, { log, clock }: { log: Logger; clock: Clock }) {
    this.#config = config;
    this.#log = log;
    this.#problems = new LogOnce(log, clock);
    this.#outbox = new Outbox((client, bytes, messages) => this.#write(client, bytes, messages));
    if (config.pingData !== '') this.#pingMessage = new Message(Buffer.from(config.pingData), 0);
    this.#heartbeat = new Heartbeat(
      config,
      clock,
      () => this.directory.clients(),
      (client) => this.#ping(client),
      (client) => {
        this.counters.heartbeatDrops++;
        this.drop(client);
      },
    );
    this.#event.localIp = ipToNumber(config.lanIp);
    this.#event.localPort = config.lanPort;
    this.#reply.command = Command.REPLY;
    this.#reply.localIp = this.#event.localIp;
    this.#reply.localPort = this.#event.localPort;
  }

  /** The urls of the open listeners, with their real ports. */
  get listeners(): string[] {
    return this.#listeners.map((listener) => listener.url);
  }

  /**
   * Opens every listener, or none.
   *
   * @throws GW_LISTEN, GW_PROTOCOL_MODULE
   */
  async listen(): Promise<void> {
    this.#route = await loadRouter(this.#config.router, (error) => this.#problem('router', error));
    try {
      for (const { url, static: staticRoot, protocol, tls } of this.#config.listen) {
        const { maxPackageSize, udpIdleTimeout } = this.#config;
        this.#listeners.push(
          await openListener(
            { url, staticRoot, protocolModule: protocol, tls, maxPackageSize, udpIdleTimeout },
            this,
          ),
        );
      }
    } catch (error) {
      await Promise.all(this.#listeners.splice(0).map((listener) => listener.close()));
      throw error;
    }
  }

  /** Takes in a worker. @param local whether it runs in this process */
  addWorker(link: Link, { local }: { local: boolean }): void {
    const peer = new WorkerPeer(link, local);
    link.listen({
      frame: (frame) => this.#command(peer, frame),
      drained: () => this.#deliverHeld(peer),
      closed: (error) => this.#removeWorker(peer, error),
    });
    this.#peers.push(peer);
    for (const client of this.#unrouted) this.#deliverWaiting(client);
  }

  /** Takes no more clients, and closes those that are here. Resolves when their last events are on their way to the workers. */
  async close(): Promise<void> {
    this.#stopping = true;
    this.#heartbeat.close();
    const closing = this.#listeners.splice(0).map((listener) => listener.close());
    let count = 0;
    for (const client of this.directory.clients()) {
      this.#outbox.flushClient(client);
      this.#resume(client);
      client.transport.close(GOING_AWAY, 'server is stopping');
      if (++count % CLOSES_PER_TURN === 0) await new Promise<void>((resolve) => void setImmediate(resolve));
    }
    if (this.directory.size > 0) await new Promise<void>((resolve) => (this.#onEmpty = resolve));
    await Promise.all(closing);
    this.#problems.close();
  }

  /** Ends every connection at once. */
  destroy(): void {
    for (const client of this.directory.clients()) client.transport.destroy();
  }

  // ---- what listeners report ----

  admits(): boolean {
    const { maxConnections } = this.#config;
    const admitted = !this.#stopping && (maxConnections === 0 || this.directory.size < maxConnections);
    if (!admitted) this.counters.refusedConnections++;
    return admitted;
  }

  opened(transport: ClientTransport, handshake?: HandshakeRequest): void {
    const client = new Client(this.directory.nextId(), transport, ipv4(transport.remoteAddress));
    transport.client = client;
    this.directory.add(client);
    this.counters.connections++;
    if (client.address !== '') client.state = new SessionState();
    this.#happened(client, Command.ON_CONNECT, Flag.PLAIN_BODY, EMPTY);
    if (handshake === undefined) return;
    const { remoteAddress, remotePort, localPort } = transport;
    const body = encodeHandshake({ ...handshake, remoteAddress, remotePort, serverPort: localPort });
    this.#happened(client, Command.ON_WEBSOCKET_CONNECT, 0, body);
  }

  message(transport: ClientTransport, data: Buffer, binary: boolean): void {
    const client = transport.client as Client;
    client.silentRounds = -1;
    this.counters.messagesIn++;
    this.#happened(
      client,
      Command.ON_MESSAGE,
      binary ? Flag.PLAIN_BODY | Flag.BINARY : Flag.PLAIN_BODY,
      data,
    );
  }

  alive(transport: ClientTransport): void {
    (transport.client as Client).silentRounds = -1;
  }

  closed(transport: ClientTransport): void {
    const client = transport.client as Client;
    client.gone = true;
    client.reading = false;
    client.outgoing = undefined;
    this.#happened(client, Command.ON_CLOSE, Flag.PLAIN_BODY, EMPTY);
    this.directory.remove(client);
    if (client.waiting === undefined) this.#unbind(client);
    if (this.directory.size === 0) this.#onEmpty?.();
  }

  refused(kind: string, remoteAddress: string, message: string): void {
    this.counters.refused(kind);
    this.#problems.warn(kind, { remoteAddress }, message);
  }

  // ---- what commands do ----

  deliver(client: Client, message: Message): void {
    if (!client.gone) this.#outbox.push(client, message.encodedFor(client));
  }

  kick(client: Client): void {
    this.#outbox.flushClient(client);
    this.#resume(client);
    client.transport.close();
  }

  drop(client: Client): void {
    client.transport.destroy();
  }

  stateOf(client: Client): SessionState {
    client.state ??= new SessionState();
    return client.state;
  }

  hold(client: Client): void {
    client.pausedByWorker = true;
    this.#pause(client);
  }

  release(client: Client): void {
    client.pausedByWorker = false;
    this.#deliverWaiting(client);
  }

  // ---- events on their way to workers ----

  #happened(client: Client, command: number, flags: number, body: Buffer): void {
    const peer = this.#peerOf(client);
    if (peer === undefined || client.waiting !== undefined || client.pausedByWorker || peer.link.congested) {
      client.waiting ??= new Queue();
      // the body may be a view of a buffer that the socket fills again
      client.waiting.push({ command, flags, body: Buffer.from(body) });
      (peer?.held ?? this.#unrouted).add(client);
      this.#pause(client);
      return;
    }
    this.#sendEvent(client, peer, command, flags, body);
  }

  #sendEvent(client: Client, peer: WorkerPeer, command: number, flags: number, body: Buffer): void {
    const event = this.#event;
    event.command = command;
    event.clientIp = client.ip;
    event.clientPort = client.transport.remotePort;
    event.connectionId = client.id;
    event.gatewayPort = client.transport.localPort;
    event.body = body;
    if (client.state === undefined) {
      event.flags = flags;
      event.ext = EMPTY;
    } else {
      event.flags = flags | Flag.STATE;
      event.ext = client.state.ext(client.address, client.uid ?? '');
    }
    if (!peer.link.send(event)) this.#pause(client);
  }

  /** The worker that a client is bound to; a new one when it has none, or a closed one. */
  #peerOf(client: Client): WorkerPeer | undefined {
    if (client.peer?.open === true) return client.peer;
    this.#unbind(client);
    const open = this.#peers.filter((peer) => peer.open);
    if (open.length === 0 || this.#route === undefined) return undefined;
    const { remoteAddress, remotePort, localPort } = client.transport;
    const chosen = this.#route(open, { remoteAddress, remotePort, gatewayPort: localPort }) as WorkerPeer;
    client.peer = chosen;
    chosen.clients++;
    return chosen;
  }

  #unbind(client: Client): void {
    if (client.peer === undefined) return;
    client.peer.clients--;
    client.peer = undefined;
  }

  #deliverHeld(peer: WorkerPeer): void {
    for (const client of peer.held) {
      if (peer.link.congested) return;
      this.#deliverWaiting(client);
    }
  }

  /** Sends a client's waiting events while its worker takes them, and then goes on reading it. */
  #deliverWaiting(client: Client): void {
    const peer = this.#peerOf(client);
    if (peer === undefined || client.pausedByWorker) return;
    this.#unrouted.delete(client);
    for (let event = client.waiting?.peek(); event !== undefined; event = client.waiting?.peek()) {
      if (peer.link.congested) {
        peer.held.add(client);
        return;
      }
      client.waiting?.shift();
      this.#sendEvent(client, peer, event.command, event.flags, event.body);
    }
    client.waiting = undefined;
    peer.held.delete(client);
    if (client.gone) this.#unbind(client);
    else if (!peer.link.congested) this.#resume(client);
    else peer.held.add(client);
  }

  #pause(client: Client): void {
    if (!client.reading) return;
    client.reading = false;
    client.transport.pause();
    if (client.peer !== undefined) client.peer.held.add(client);
  }

  #resume(client: Client): void {
    if (client.reading || client.gone) return;
    client.reading = true;
    client.silentRounds = -1;
    client.transport.resume();
  }

  // ---- workers ----

  #command(peer: WorkerPeer, frame: ReceivedFrame): void {
    const handle = commands[frame.command];
    if (handle !== undefined) {
      handle(this, frame);
      return;
    }
    const answer = queries[frame.command];
    if (answer === undefined) {
      throw new GatewayError(
        'GW_FRAME',
        `${peer.name} sent ${commandName(frame.command)}, which no gateway knows.`,
      );
    }
    const value = answer(this, frame);
    this.#reply.clientIp = frame.clientIp;
    this.#reply.body = serialize(value);
    peer.link.send(this.#reply);
  }

  #removeWorker(peer: WorkerPeer, error: Error | undefined): void {
    this.#peers.splice(this.#peers.indexOf(peer), 1);
    if (error !== undefined) this.#log.warn({ worker: peer.name, err: error }, 'the link to a worker broke');
    const held = [...peer.held];
    peer.held.clear();
    for (const client of held) {
      client.pausedByWorker = false;
      if (this.#peerOf(client) === undefined) this.#unrouted.add(client);
      else this.#deliverWaiting(client);
    }
  }

  // ---- clients ----

  #write(client: Client, bytes: Buffer, messages: number): void {
    if (client.gone) return;
    const { sendToClientBufferSize, slowClient } = this.#config;
    const waiting = client.transport.bufferedBytes;
    // looks at what waits already, so that one message larger than the buffer passes
    if (waiting > sendToClientBufferSize) {
      this.counters.messagesDropped += messages;
      if (slowClient === 'drop') return;
      this.counters.slowClients++;
      this.#problems.warn(
        'slow client',
        { remoteAddress: client.transport.remoteAddress, waiting },
        `a client does not read what it is sent: ${waiting} bytes wait, ${sendToClientBufferSize} may (sendToClientBufferSize); it is closed`,
      );
      client.transport.destroy();
      return;
    }
    this.counters.messagesOut += messages;
    client.transport.write(bytes);
  }

  #ping(client: Client): void {
    if (this.#pingMessage === undefined) client.transport.ping();
    else this.deliver(client, this.#pingMessage);
  }

  #problem(kind: string, error: Error): void {
    this.#problems.warn(kind, { err: error }, error.message);
  }
}

function ipv4(address: string): number {
  return address.includes(':') ? 0 : ipToNumber(address);
}
