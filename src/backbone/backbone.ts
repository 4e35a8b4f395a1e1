import { randomBytes } from 'node:crypto';
import { type Clock, type Timer, elapse, withinTime } from '../base/clock.js';
import { messageOf } from '../base/error-text.js';
import { LogOnce } from '../base/log-once.js';
import type { Logger } from '../base/log.js';
import type { CellWay, CellWayOwner, OtherCells } from '../cluster/other-cells.js';
import { Asker } from '../gateway/asker.js';
import type { Gateway } from '../gateway/gateway.js';
import type { GatewayState } from '../link/thread-protocol.js';
import { LinkGauge } from '../ring/link-gauge.js';
import { Command } from '../wire/command.js';
import { type GatewayAddress, OTHER_CELLS_PORT } from '../wire/client-id.js';
import type { ReceivedFrame } from '../wire/frame.js';
import { soleGroup, soleUid } from '../wire/sole-name.js';
import { type BackboneStatus, cellStatuses } from './backbone-status.js';
import { BucketInterest } from './bucket-interest.js';
import { Cells } from './cells.js';
import { ClientEvents, type MirroredEvent } from './client-events.js';
import { FarNode } from './far-node.js';
import { type ForeignSend, toAll, toGroup, toUid } from './foreign-messages.js';
import { withOwnExcludes } from './frame-excludes.js';
import { encodeHello, parseHello } from './hello.js';
import { Incoming, type IncomingOwner } from './incoming.js';
import { Kind, type ReceivedHeader, StreamId } from './message-header.js';
import { BackboneConnection } from './nats-connection.js';
import { loadNats } from './nats-library.js';
import type { NatsLogin } from './nats-login.js';
import { Outgoing } from './outgoing.js';
import { OwnJoins } from './own-joins.js';
import { Stream } from './stream.js';
import { BUCKETS, Subjects, bucketOf } from './subjects.js';

/** Milliseconds: a server that is gone should be missed before others miss this node. */
const LONGEST_PING_INTERVAL = 5000;
/** Milliseconds between two sweeps: of streams that are quiet, names without clients, nodes that are silent. */
const SWEEP = 1000;
/** Sweeps between two hellos. */
const HELLO_SWEEPS = 5;
/** Sweeps after which what is known of buckets that others do not use any more has come of age: see ReceivedNumbers. */
const AGE_SWEEPS = 120;
/** Milliseconds that a starting node waits for a server, and then for the others' answers: so long after the last one. */
const JOIN_TIMEOUT = 2000;
const ANSWER_TIME = 500;
/** Milliseconds without a server after which this cell is on its own: what waits for the others is given up. */
const PATIENCE = 15_000;
/** Milliseconds after which what waited for a connection goes out in any case, also to those that are not back yet. */
const REGROUP = 3000;
/** Milliseconds before an outage in which something may have been lost as well. */
const BEFORE = 2000;

export interface BackboneConfig extends NatsLogin {
  readonly name: string;
  readonly prefix: string;
  /** What clients do that is published as well. */
  readonly events: readonly MirroredEvent[];
}

export interface BackboneOptions {
  readonly config: BackboneConfig;
  /** The node's name. */
  readonly node: string;
  /** The gateway of this node, if it has one. */
  readonly gateway: Gateway | undefined;
  /** Whether the gateway with this address is known in the mesh. */
  readonly isInMesh: (address: GatewayAddress) => boolean;
  /** Bytes that may wait before sends return false. */
  readonly bufferSize: number;
  /** Milliseconds between two pings; 5 s at most. */
  readonly pingInterval: number;
  readonly clock: Clock;
  readonly log: Logger;
}

/** What joins this cell, which is a mesh of nodes or a single one, and others into one whole: see docs/backbone.md. */
export class Backbone implements OtherCells, IncomingOwner {
  readonly #options: BackboneOptions;
  readonly #subjects: Subjects;
  readonly #problems: LogOnce;
  /** Tells this run of the node from every other one. */
  readonly #instance = randomBytes(6).readUIntBE(0, 6);
  readonly #connection: BackboneConnection;
  readonly #gauge = new LinkGauge();
  readonly #outgoing: Outgoing;
  readonly #incoming: Incoming;
  readonly #cells: Cells;
  readonly #joins: OwnJoins;
  readonly #interest: BucketInterest | undefined;
  readonly #events: ClientEvents | undefined;
  readonly #hello: Stream;
  readonly #everyNode: Stream;
  /** Those that were used lately, and of all others the next number. */
  readonly #buckets = new Map<number, Stream>();
  readonly #numbers = new Uint32Array(BUCKETS);
  /** The slots, by the numbers that their questions carry. */
  readonly #ways: CellWayOwner[] = [];
  #timer: Timer | undefined;
  #sweeps = 0;
  #swept = 0;
  #startedAt = 0;
  #downSince: number | undefined;
  /** Whether there was ever a connection. */
  #joined = false;
  /** The first attempt to connect has ended. */
  #onTried: () => void = () => {};
  /** Whether a server has all that this node subscribes to. */
  #there = false;
  /** Nodes that were there before the connection broke, and have not been heard of since. */
  #awaited = new Set<FarNode>();
  #regroup: Timer | undefined;
  #lastHello = 0;

  /** @throws GW_BACKBONE when the package that speaks to NATS is not installed */
  static async load(options: BackboneOptions): Promise<Backbone> {
    return new Backbone(options, await loadNats());
  }

  private constructor(options: BackboneOptions, nats: Awaited<ReturnType<typeof loadNats>>) {
    const { config, node, gateway, bufferSize, clock, log } = options;
    this.#options = options;
    this.#subjects = new Subjects(config.prefix);
    this.#problems = new LogOnce(log, clock);
    const owner = {
      connected: () => void this.#connected(),
      unreached: () => this.#onTried(),
      disconnected: () => this.#disconnected(),
    };
    const name = `${config.name}/${node}`;
    const pingInterval = Math.min(options.pingInterval, LONGEST_PING_INTERVAL);
    this.#connection = new BackboneConnection({
      nats,
      login: config,
      name,
      pingInterval,
      clock,
      log,
      owner,
    });
    this.#outgoing = new Outgoing({
      instance: this.#instance,
      cell: config.name,
      carrier: this.#connection,
      clock,
      bufferSize,
      gauge: this.#gauge,
      onDrained: () => this.#changed(),
      onRefused: (subject, error) => this.#refused(subject, error),
      onForgotten: (stream) => this.#forget(stream),
    });
    this.#incoming = new Incoming(config.name, this);
    this.#cells = new Cells({
      cell: config.name,
      gateway: gateway?.inner.address,
      clock,
      problems: this.#problems,
      isInMesh: options.isInMesh,
      gauge: this.#gauge.shared,
      make: (instance, cell) => this.#farNode(instance, cell),
      onChange: () => this.#changed(),
      onGone: (gone) => this.#joins.gone(gone),
    });
    this.#joins = new OwnJoins(clock, ({ stream }, question) =>
      this.#outgoing.note(stream, Kind.ASK, numberBody(question)),
    );
    this.#hello = new Stream(this.#subjects.hello, StreamId.HELLO);
    this.#everyNode = new Stream(this.#subjects.everyNode, StreamId.EVERY_NODE);
    this.#interest = gateway && this.#follow(gateway);
    this.#events = config.events.length > 0 ? gateway && this.#mirror(gateway) : undefined;
  }

  get #address(): GatewayAddress | undefined {
    return this.#options.gateway?.inner.address;
  }

  /**
   * Begins to connect, and resolves when the other cells are known, or soon.
   *
   * @throws GW_CLUSTER when another gateway has the address of this node's
   */
  async join(): Promise<void> {
    const { clock } = this.#options;
    this.#startedAt = clock.now();
    this.#downSince = this.#startedAt;
    this.#swept = this.#startedAt;
    this.#subscribe();
    const tried = new Promise<void>((resolve) => {
      this.#onTried = resolve;
    });
    this.#connection.open();
    this.#timer = clock.setInterval(() => this.#sweep(), SWEEP);
    await withinTime(clock, JOIN_TIMEOUT, tried);
    const deadline = clock.now() + JOIN_TIMEOUT;
    while (this.#there && this.#cells.conflict === undefined) {
      const now = clock.now();
      const wait = Math.min(this.#lastHello + ANSWER_TIME, deadline) - now;
      if (wait <= 0) break;
      await elapse(clock, wait);
    }
    if (this.#cells.conflict !== undefined) throw this.#cells.conflict;
  }

  /** Says goodbye, lets out what was sent, and ends. @param timeout milliseconds after which it ends in any case */
  async close(timeout: number): Promise<void> {
    this.#timer?.cancel();
    if (this.#interest !== undefined) this.#options.gateway?.directory.listeners.delete(this.#interest);
    this.#outgoing.note(this.#hello, Kind.HELLO, this.#helloBody({ end: true }));
    await withinTime(this.#options.clock, timeout, this.#outgoing.settled());
    await this.#connection.close(timeout);
    this.#problems.close();
  }

  get status(): BackboneStatus {
    const { config, clock } = this.#options;
    const { server, since, lastError } = this.#connection;
    const { bufferedBytes, published, unsent } = this.#outgoing;
    return {
      cell: config.name,
      state: this.#there ? 'connected' : 'down',
      since: (clock.now() - since) / 1000,
      server: server ?? null,
      lastError,
      bufferedBytes,
      published,
      unsent,
      followed: this.#interest?.size ?? 0,
      cells: cellStatuses(this.#cells, config.name),
    };
  }

  // ---- what this node sends ----

  open(owner: CellWayOwner): CellWay {
    const slot = this.#ways.push(owner) - 1;
    const cells = this.#cells;
    return {
      get gateways(): readonly GatewayState[] {
        return cells.gateways;
      },
      sendToAll: (frame) => this.#sendToAll(frame),
      send: (frame) => this.#send(frame, slot),
    };
  }

  #sendToAll(frame: ReceivedFrame): void {
    // nobody is there, or nobody was for a long time
    if (this.#cells.any) this.#outgoing.relay(this.#streamOf(frame), frame);
  }

  #send(frame: ReceivedFrame, slot: number): void {
    const { command, localIp, localPort } = frame;
    const node = this.#cells.at(localIp, localPort);
    if (node?.up !== true) return;
    this.#outgoing.relay(node.stream, frame, slot);
    if (command === Command.BIND_UID) this.#joins.note(node, bucketOf('uid', frame.extText()));
    else if (command === Command.JOIN_GROUP) this.#joins.note(node, bucketOf('group', frame.extText()));
  }

  /** Where a frame goes that is for nobody in particular: to those who follow its name's bucket, or to every node. */
  #streamOf(frame: ReceivedFrame): Stream {
    const bucket = bucketOfFrame(frame);
    if (bucket === undefined || this.#joins.concern(bucket)) return this.#everyNode;
    let stream = this.#buckets.get(bucket);
    if (stream === undefined) {
      stream = new Stream(this.#subjects.bucket(bucket), bucket, this.#numbers[bucket]);
      this.#buckets.set(bucket, stream);
    }
    return stream;
  }

  #forget({ id, next }: Stream): void {
    if (this.#buckets.delete(id)) this.#numbers[id] = next;
  }

  #refused(subject: string, error: Error): void {
    const { server } = this.#connection;
    this.#problems.error(
      'backbone: refused',
      { subject, server },
      `a message to other cells is lost: ${messageOf(error)}`,
    );
  }

  // ---- what comes of others ----

  nodeOf(instance: number, { cell }: ReceivedHeader): FarNode {
    return this.#cells.node(instance, cell);
  }

  followed(stream: number, milliseconds: number): boolean {
    if (stream < BUCKETS) return this.#interest?.followed(stream, milliseconds) === true;
    return this.#options.clock.now() - this.#startedAt > milliseconds;
  }

  frame(node: FarNode, stream: number, frame: ReceivedFrame): void {
    if (frame.command === Command.REPLY) {
      this.#ways.at(frame.clientPort)?.receive(frame);
      return;
    }
    const { gateway } = this.#options;
    if (gateway === undefined || node.asker === undefined) return;
    try {
      const excluding = stream !== StreamId.ONE_NODE && frame.localPort === OTHER_CELLS_PORT;
      gateway.desk.carryOut(node.asker, excluding ? withOwnExcludes(frame, gateway.inner.address) : frame);
    } catch (error) {
      this.#problems.warn('backbone command', { cell: node.cell, node: node.name }, messageOf(error));
    }
  }

  note(node: FarNode, { kind, body }: ReceivedHeader): void {
    if (kind === Kind.HELLO) this.#heard(node, body);
    else if (kind === Kind.ASK) void this.#answer(node, body.readUInt32BE(0));
    else if (kind === Kind.ANSWER) this.#joins.answered(node, body.readUInt32BE(0));
  }

  /** When the server has this node's subscriptions. */
  async #answer(node: FarNode, question: number): Promise<void> {
    if (await this.#connection.confirmed())
      this.#outgoing.note(node.stream, Kind.ANSWER, numberBody(question));
  }

  #heard(node: FarNode, body: Buffer): void {
    const { clock } = this.#options;
    const hello = parseHello(body);
    this.#lastHello = clock.now();
    this.#cells.heard(node, hello);
    if (hello.end) return;
    // before, it says so to everybody soon
    if (hello.ask && this.#there) this.#outgoing.noteNow(node.stream, Kind.HELLO, this.#helloBody({}));
    this.#isThere(node);
    if (node.cell === this.#options.config.name) return;
    const { numbers } = node;
    if (hello.next !== null) {
      if (numbers.isNew(StreamId.EVERY_NODE)) numbers.begin(StreamId.EVERY_NODE, hello.next);
      else numbers.accept(StreamId.EVERY_NODE, hello.next, 0);
    }
    if (hello.missed > 0) {
      // not everybody at once
      clock.setTimeout(() => this.#outgoing.markSince(hello.missed), Math.random() * SWEEP);
    }
  }

  #sayHello(hello: { ask?: boolean; missed?: number }): void {
    this.#outgoing.noteNow(this.#hello, Kind.HELLO, this.#helloBody(hello));
  }

  #helloBody({ ask = false, missed = 0, end = false }): Buffer {
    const { config, node } = this.#options;
    const next = this.#outgoing.isEven ? this.#everyNode.next : null;
    return encodeHello({ cell: config.name, node, gateway: this.#address, next, ask, missed, end });
  }

  #farNode(instance: number, cell: string): FarNode {
    const { gateway, clock } = this.#options;
    const stream = new Stream(this.#subjects.node(instanceText(instance)), StreamId.ONE_NODE);
    const link = {
      name: `a node of the cell ${cell}`,
      state: 'open' as const,
      send: (frame: Parameters<Outgoing['send']>[1]) => {
        this.#outgoing.send(stream, frame);
        return true;
      },
    };
    const asker = gateway && new Asker(link, gateway.inner.address);
    const node = new FarNode(instance, cell, { stream, asker, heardAt: clock.now() });
    node.numbers.begin(StreamId.ONE_NODE, 0);
    return node;
  }

  // ---- the connection ----

  #subscribe(): void {
    const { receive } = this.#incoming;
    this.#connection.subscribe(this.#subjects.hello, receive);
    this.#connection.subscribe(this.#subjects.node(instanceText(this.#instance)), receive);
    const { gateway } = this.#options;
    if (gateway === undefined) return;
    this.#connection.subscribe(this.#subjects.everyNode, receive);
    const foreign: readonly (readonly [subject: string, send: ForeignSend])[] = [
      [this.#subjects.all, toAll],
      [this.#subjects.anyGroup, toGroup],
      [this.#subjects.anyUid, toUid],
    ];
    // they ask nothing
    const link = { name: 'another program', state: 'closed' as const, send: () => true };
    const asker = new Asker(link, gateway.inner.address);
    for (const [subject, send] of foreign) {
      this.#connection.subscribe(subject, (data, message) =>
        gateway.desk.carryOut(asker, send(data, message, gateway.inner.address)),
      );
    }
  }

  #mirror(gateway: Gateway): ClientEvents {
    const { config, node } = this.#options;
    const events = new ClientEvents({
      events: config.events,
      subjects: this.#subjects,
      carrier: this.#connection,
      cell: config.name,
      node,
      clientIdOf: (client) => gateway.clientIdOf(client),
      problems: this.#problems,
    });
    gateway.mirror(events);
    return events;
  }

  #follow(gateway: Gateway): BucketInterest {
    const interest = new BucketInterest({
      subscriber: this.#connection,
      subjects: this.#subjects,
      clock: this.#options.clock,
      receive: this.#incoming.receive,
      onLeft: (bucket) => {
        for (const { numbers, assembly } of this.#cells) {
          numbers.forget(bucket);
          assembly.forget(bucket);
        }
      },
    });
    gateway.directory.listeners.add(interest);
    return interest;
  }

  async #connected(): Promise<void> {
    const { clock } = this.#options;
    const missed = clock.now() - (this.#downSince ?? clock.now()) + BEFORE;
    const first = !this.#joined;
    this.#joined = true;
    this.#downSince = undefined;
    this.#cells.excuse();
    this.#outgoing.connected();
    // who hears the hello may publish at once: this node has to be all ears then
    if (!(await this.#connection.confirmed())) return;
    this.#there = true;
    this.#lastHello = clock.now();
    if (!first) this.#outgoing.markSince(missed);
    this.#awaited = new Set([...this.#cells].filter(({ up }) => up));
    this.#sayHello({ ask: true, missed: first ? 0 : missed });
    this.#onTried();
    this.#regroup?.cancel();
    if (this.#awaited.size === 0) this.#outgoing.go();
    else this.#regroup = clock.setTimeout(() => this.#outgoing.go(), REGROUP);
    this.#changed();
  }

  /** A node can be reached. What waited for the connection goes out when all can be that were there before. */
  #isThere(node: FarNode): void {
    if (this.#awaited.delete(node) && this.#awaited.size === 0) {
      this.#regroup?.cancel();
      this.#outgoing.go();
    }
  }

  #disconnected(): void {
    this.#there = false;
    this.#awaited.clear();
    this.#regroup?.cancel();
    this.#downSince = this.#options.clock.now();
    this.#outgoing.disconnected();
  }

  #sweep(): void {
    const now = this.#options.clock.now();
    // this process stood still
    if (now - this.#swept > SWEEP * HELLO_SWEEPS) this.#cells.excuse();
    this.#swept = now;
    this.#interest?.sweep();
    this.#events?.sweep();
    if (this.#downSince !== undefined) {
      if (now - this.#downSince > PATIENCE) {
        this.#outgoing.giveUp();
        this.#cells.apart();
      }
      return;
    }
    this.#outgoing.sweep();
    this.#cells.sweep();
    if (++this.#sweeps % HELLO_SWEEPS === 0 && this.#there) this.#sayHello({});
    if (this.#sweeps % AGE_SWEEPS === 0) for (const { numbers } of this.#cells) numbers.age();
  }

  #changed(): void {
    for (const way of this.#ways) way.cellsChanged();
  }
}

/** The bucket that those follow who have to have a frame; undefined: every node has to. */
function bucketOfFrame(frame: ReceivedFrame): number | undefined {
  switch (frame.command) {
    case Command.SEND_TO_UID: {
      const uid = soleUid(frame.extText());
      return uid === undefined ? undefined : bucketOf('uid', uid);
    }
    case Command.SEND_TO_GROUP: {
      const group = soleGroup(frame.extText());
      return group === undefined ? undefined : bucketOf('group', group);
    }
    case Command.UNGROUP:
      return bucketOf('group', frame.extText());
    default:
      return undefined;
  }
}

function numberBody(number: number): Buffer {
  const body = Buffer.allocUnsafe(4);
  body.writeUInt32BE(number);
  return body;
}

function instanceText(instance: number): string {
  return instance.toString(16).padStart(12, '0');
}
