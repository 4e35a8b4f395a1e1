import { randomBytes } from 'node:crypto';
import type { Clock, Timer } from '../base/clock.js';
import { messageOf } from '../base/error-text.js';
import { LogOnce } from '../base/log-once.js';
import type { Logger } from '../base/log.js';
import type { CellWay, CellWayOwner, OtherCells } from '../cluster/other-cells.js';
import { Asker } from '../gateway/asker.js';
import type { Gateway } from '../gateway/gateway.js';
import type { GatewayState } from '../link/gateway-state.js';
import { LinkGauge } from '../ring/link-gauge.js';
import { Command } from '../wire/command.js';
import { type GatewayAddress, OTHER_CELLS_PORT } from '../wire/client-id.js';
import type { Frame, ReceivedFrame } from '../wire/frame.js';
import type { BackboneStatus } from '../ops/requests/status.js';
import { cellStatuses } from './backbone-status.js';
import { BucketInterest } from './bucket-interest.js';
import { Cells } from './cells.js';
import { ClientEvents, type MirroredEvent } from './client-events.js';
import { FarNode } from './far-node.js';
import { type ForeignSend, toAll, toGroup, toUid } from './foreign-messages.js';
import { withOwnExcludes } from './frame-excludes.js';
import { Incoming, type IncomingOwner } from './incoming.js';
import { Kind, type ReceivedHeader, StreamId, numberBody } from './message-header.js';
import { BackboneConnection } from './nats-connection.js';
import { type NatsLibrary, loadNats } from './nats-library.js';
import type { NatsLogin } from './login-options.js';
import { Outgoing } from './outgoing.js';
import { Presence, SWEEP } from './presence.js';
import { Sends } from './sends.js';
import { Stream } from './stream.js';
import { BUCKETS, Subjects } from './subjects.js';

/** Milliseconds: a server that is gone should be missed before others miss this node. */
const LONGEST_PING_INTERVAL = 5000;

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
  readonly #sends: Sends;
  readonly #presence: Presence;
  readonly #interest: BucketInterest | undefined;
  readonly #events: ClientEvents | undefined;
  /** The slots, by the numbers that their questions carry. */
  readonly #ways: CellWayOwner[] = [];
  readonly #startedAt: number;
  #timer: Timer | undefined;

  /** @throws GW_BACKBONE when the package that speaks to NATS is not installed */
  static async load(options: BackboneOptions): Promise<Backbone> {
    return new Backbone(options, await loadNats());
  }

  private constructor(options: BackboneOptions, nats: NatsLibrary) {
    const { config, node, gateway, bufferSize, clock, log } = options;
    this.#options = options;
    this.#startedAt = clock.now();
    this.#subjects = new Subjects(config.prefix);
    this.#problems = new LogOnce(log, clock);
    this.#connection = new BackboneConnection({
      nats,
      login: config,
      name: `${config.name}/${node}`,
      pingInterval: Math.min(options.pingInterval, LONGEST_PING_INTERVAL),
      clock,
      log,
      owner: {
        connected: () => void this.#presence.connected(),
        unreached: () => this.#presence.unreached(),
        disconnected: () => this.#presence.disconnected(),
      },
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
      onForgotten: (stream) => this.#sends.forget(stream),
    });
    this.#incoming = new Incoming(config.name, this);
    this.#cells = new Cells({
      cell: config.name,
      gateway: gateway?.inner.address,
      clock,
      log,
      problems: this.#problems,
      isInMesh: options.isInMesh,
      gauge: this.#gauge.shared,
      make: (instance, cell) => this.#farNode(instance, cell),
      onChange: () => this.#changed(),
      onGone: (gone) => this.#sends.gone(gone),
    });
    const shared = { cells: this.#cells, outgoing: this.#outgoing, clock };
    this.#sends = new Sends({ ...shared, subjects: this.#subjects });
    this.#presence = new Presence({
      ...shared,
      cell: config.name,
      node,
      gateway: gateway?.inner.address,
      subject: this.#subjects.hello,
      everyNode: this.#sends.everyNode,
      confirmed: async () => await this.#connection.confirmed(),
      log,
    });
    this.#interest = gateway && this.#follow(gateway);
    this.#events = config.events.length > 0 ? gateway && this.#mirror(gateway) : undefined;
  }

  /**
   * Begins to connect, and resolves when the other cells are known, or soon.
   *
   * @param timeout milliseconds for a server to answer
   * @throws GW_CLUSTER when another gateway has the address of this node's
   */
  async join(timeout?: number): Promise<void> {
    this.#subscribe();
    this.#timer = this.#options.clock.setInterval(() => {
      this.#interest?.sweep();
      this.#events?.sweep();
      this.#presence.sweep();
    }, SWEEP);
    await this.#presence.join(() => this.#connection.open(), timeout);
  }

  /** Says goodbye, lets out what was sent, and ends. @param timeout milliseconds after which it ends in any case */
  async close(timeout: number): Promise<void> {
    this.#timer?.cancel();
    if (this.#interest !== undefined) this.#options.gateway?.directory.listeners.delete(this.#interest);
    await this.#presence.leave(timeout);
    await this.#connection.close(timeout);
    this.#problems.close();
  }

  /** What the server has refused since this was last asked, in words. */
  takeRefusal(): string | undefined {
    return this.#connection.takeRefusal();
  }

  get status(): BackboneStatus {
    const { config, clock } = this.#options;
    const { server, since, lastError } = this.#connection;
    const { bufferedBytes, published, unsent } = this.#outgoing;
    return {
      cell: config.name,
      state: this.#presence.there ? 'connected' : 'down',
      since: (clock.now() - since) / 1000,
      server: server ?? null,
      lastError,
      conflict: this.#cells.conflict?.message ?? null,
      bufferedBytes,
      published,
      unsent,
      followed: this.#interest?.size ?? 0,
      cells: cellStatuses(this.#cells, config.name),
    };
  }

  /** For a slot. */
  open(owner: CellWayOwner): CellWay {
    const slot = this.#ways.push(owner) - 1;
    const cells = this.#cells;
    return {
      get gateways(): readonly GatewayState[] {
        return cells.gateways;
      },
      bufferSize: this.#options.bufferSize,
      sendToAll: (frame) => this.#sends.toAll(frame),
      send: (frame) => this.#sends.toOne(frame, slot),
    };
  }

  #changed(): void {
    for (const way of this.#ways) way.cellsChanged();
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
    if (kind === Kind.HELLO) this.#presence.heard(node, body);
    else if (kind === Kind.ASK) void this.#answer(node, body.readUInt32BE(0));
    else if (kind === Kind.ANSWER) this.#sends.answered(node, body.readUInt32BE(0));
  }

  /** When the server has this node's subscriptions. */
  async #answer(node: FarNode, question: number): Promise<void> {
    if (await this.#connection.confirmed())
      this.#outgoing.note(node.stream, Kind.ANSWER, numberBody(question));
  }

  #farNode(instance: number, cell: string): FarNode {
    const { gateway, clock } = this.#options;
    const stream = new Stream(this.#subjects.node(instanceText(instance)), StreamId.ONE_NODE);
    const link = {
      name: `a node of the cell ${cell}`,
      state: 'open' as const,
      send: (frame: Frame) => {
        this.#outgoing.send(stream, frame);
        return true;
      },
    };
    const asker = gateway && new Asker(link, gateway.inner.address);
    const node = new FarNode(instance, cell, { stream, asker, heardAt: clock.now() });
    node.numbers.begin(StreamId.ONE_NODE, 0);
    return node;
  }

  // ---- what this node follows ----

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
}

function instanceText(instance: number): string {
  return instance.toString(16).padStart(12, '0');
}
