import type { TestContext } from 'node:test';
import { Interests } from '#src/cluster/interests.js';
import { LinkSet } from '#src/cluster/link-set.js';
import type { LinkSubscriber } from '#src/link/link.js';
import type { SlotLink } from '#src/link/slot-link.js';
import { ThreadLink } from '#src/link/thread-link.js';
import type { GatewayState } from '#src/link/gateway-state.js';
import type { GatewayAddress } from '#src/wire/client-id.js';
import { Flag, commandName } from '#src/wire/command.js';
import { type Frame, type ReceivedFrame, emptyFrame } from '#src/wire/frame.js';
import { NODE_FEATURE } from '#src/wire/worker-connect.js';
import { openSlot } from './link-carriers.js';
import { ManualClock } from '#src/testing/manual-clock.js';

/** What somebody was sent: `ON_MESSAGE 7 hello` with command, connection id and body. */
export class Heard {
  readonly frames: string[] = [];
  #waiting: Array<() => void> = [];

  hear({ command, connectionId, body }: Frame): void {
    const text = Buffer.from(body as Uint8Array).toString();
    this.frames.push(`${commandName(command)} ${connectionId}${text === '' ? '' : ` ${text}`}`);
    for (const look of this.#waiting.splice(0)) look();
  }

  /** Everything so far, once there are so many. */
  async count(count: number): Promise<readonly string[]> {
    while (this.frames.length < count) await new Promise<void>((resolve) => void this.#waiting.push(resolve));
    return this.frames;
  }
}

/** A slot with a thread's end in this thread, and its links to gateways, whose time stands still. */
export class LinkSetScene {
  readonly clock = new ManualClock();
  readonly slot: SlotLink;
  readonly links: LinkSet;
  /** What the thread was sent; it takes every event at once. */
  readonly thread = new Heard();
  /** What the gateway of this process was sent. */
  readonly local = new Heard();
  /** Why links broke. */
  readonly broken: string[] = [];
  readonly unreached: string[] = [];
  readonly errors: string[] = [];
  threadLink!: ThreadLink;
  #onChange: Array<() => void> = [];

  private constructor(
    slot: SlotLink,
    localGateway: GatewayAddress | undefined,
    bufferSize: number,
    interests: Interests,
  ) {
    this.slot = slot;
    this.links = new LinkSet(slot, {
      localGateway,
      introduction: { workerKey: 'node-b:0', secretKey: 'key', features: [NODE_FEATURE], instance: 'b1' },
      tls: undefined,
      pingInterval: 25_000,
      bufferSize,
      clock: this.clock,
      interests,
      onError: (error) => this.errors.push(error.message),
      onChange: () => {
        for (const look of this.#onChange.splice(0)) look();
      },
      onBroken: (_link, error) => this.broken.push(error.message),
      onUnreached: (_link, error) => this.unreached.push(error.message),
      onReached: () => {},
    });
    const listener: LinkSubscriber = { frame: (frame) => this.local.hear(frame), drained() {}, closed() {} };
    this.links.local?.subscribe(listener);
  }

  static create(
    t: TestContext,
    options: {
      localGateway?: GatewayAddress;
      bufferSize?: number;
      served?: boolean;
      /** What the process knows; other slots of it are given the same. */
      interests?: Interests;
    } = {},
  ): LinkSetScene {
    const { localGateway, bufferSize = 64 * 1024, served = true, interests = new Interests() } = options;
    const { slot, end } = openSlot(bufferSize);
    const scene = new LinkSetScene(slot, localGateway, bufferSize, interests);
    t.after(() => {
      scene.links.destroy();
      scene.threadLink.destroy();
      end();
    });
    scene.attach();
    if (served) scene.serve();
    return scene;
  }

  /** A thread comes. */
  attach(): void {
    const memory = this.slot.attach();
    const link = new ThreadLink('the slot', memory);
    link.subscribe({
      frame: (frame: ReceivedFrame, place) => {
        if (place >= 0 && frame.clientIp === 0) link.take(place);
        this.thread.hear(frame);
      },
      drained() {},
      closed() {},
    });
    this.threadLink = link;
    this.#generation = memory.number;
  }

  #generation = 0;

  /** The thread takes events. */
  serve(): void {
    this.threadLink.receiveEvents(this.slot.serveBy(this.#generation));
    this.links.showState();
  }

  /** The thread sends. */
  send(frame: Partial<Frame>): void {
    this.threadLink.send({ ...emptyFrame(), flags: Flag.PLAIN_BODY, ...frame });
  }

  /** A query's id, as the thread makes it. */
  requestId(count: number): number {
    return ((this.#generation << 24) | count) >>> 0;
  }

  /** Resolves when the thread would be told such states. */
  async until(condition: (gateways: readonly GatewayState[]) => boolean): Promise<void> {
    while (!condition(this.links.gateways)) await this.changed();
  }

  /** Resolves when the thread would be told something next. */
  async changed(): Promise<void> {
    await new Promise<void>((resolve) => void this.#onChange.push(resolve));
  }

  /** Follows these gateways until each is up. */
  async follow(...addresses: readonly GatewayAddress[]): Promise<void> {
    this.links.setGateways(addresses);
    await this.links.connected();
  }
}
