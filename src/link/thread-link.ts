import { Doorbell } from '../ring/doorbell.js';
import { Command } from '../wire/command.js';
import { type Frame, type ReceivedFrame, decodeFrame, emptyFrame, frameLength } from '../wire/frame.js';
import { BaseLink } from './base-link.js';
import type { Takeover, ThreadMemory } from './ring-memory.js';
import { RingReceiver } from './ring-receiver.js';
import { RingSender } from './ring-sender.js';

/** Events per round: other I/O of the thread gets its turn in between. Replies are few and always first. */
const EVENTS_PER_ROUND = 256;
const REPLIES_PER_ROUND = 1024;
/** Events between two looks at how much of what their handlers sent is still waiting. */
const EVENTS_PER_LOOK = 16;
/** Places below zero are numbers of parked events, not places in the ring. */
const PARKED = -1;

/** The ring link's worker-thread end. Served by the thread's doorbell. */
export class ThreadLink extends BaseLink {
  readonly #doorbell: Doorbell;
  readonly #commands: RingSender;
  readonly #replies: RingReceiver;
  readonly #main: Doorbell;
  /** While this thread takes the slot's events. */
  #events: RingReceiver | undefined;
  readonly #memory: ThreadMemory;
  readonly #parkFrame = emptyFrame();
  readonly #deliver = (frame: ReceivedFrame, place: number): void => {
    if (this.state !== 'closed') this.subscriber.frame(frame, place);
  };
  #lastParked = 0;
  #afterRound: (() => void) | undefined;
  #leftEvents = false;
  #eventsHeld = false;
  /** Who waits for {@link settled}. */
  #onSettled: (() => void)[] = [];
  #working = false;
  #onEventsEnded: (() => void) | undefined;
  /** Places in the ring of parked events whose copies have not left this thread, by number. */
  readonly #leaving = new Map<number, number>();
  /** Bytes of these copies: nobody's sends are to be refused for them. */
  #parking = 0;

  constructor(name: string, memory: ThreadMemory) {
    super(name);
    this.#memory = memory;
    this.#doorbell = new Doorbell(memory.threadDoorbell);
    this.#main = new Doorbell(memory.mainDoorbell);
    this.#commands = new RingSender(memory.commands, this.#main, memory.commandBufferSize, () => {
      // a send may have moved the last of it into the ring: events that waited for that go on, and who waits for `settled`
      this.#doorbell.ring();
      if (this.state === 'open') this.subscriber.drained();
    });
    this.#replies = new RingReceiver(memory.replies, this.#main, this.#deliver);
  }

  /** The thread's, within its slot: 1 to 255. */
  get number(): number {
    return this.#memory.number;
  }

  /** Bytes on their way out: of what was sent, and not of events that are moved into the slot's keeping. */
  get bufferedBytes(): number {
    return Math.max(0, this.#commands.bufferedBytes - this.#parking);
  }

  get congested(): boolean {
    return this.#commands.congested;
  }

  /** How much of the event ring is held by events that were delivered and not taken: 0 to 1. */
  get held(): number {
    if (this.#events === undefined) return 0;
    const { ring } = this.#events;
    ring.free();
    return ring.held / ring.capacity;
  }

  /**
   * From now on events are delivered too, those that a thread before this one left behind first.
   *
   * @param afterRound called after every batch of them. Who leaves events untaken has to {@link park} those that hold much
   *   of the ring then: a frame in fragments may be on its way that needs all of the ring to arrive
   */
  receiveEvents({ parked, originals }: Takeover, afterRound: () => void = () => {}): void {
    this.#afterRound = afterRound;
    for (const [number, bytes] of parked) {
      this.#lastParked = Math.max(this.#lastParked, number);
      this.subscriber.frame(decodeFrame(Buffer.from(bytes)), PARKED - number);
    }
    this.#events = new RingReceiver(this.#memory.events, this.#main, this.#deliver, {
      keep: true,
      originals: new Map(originals.map(([place, bytes]) => [place, Buffer.from(bytes)])),
    });
    this.#doorbell.ring();
  }

  /** Whether events stay where they are for now. Replies go on. */
  holdEvents(hold: boolean): void {
    this.#eventsHeld = hold;
    this.#doorbell.ring();
  }

  /** Whether everything that was sent is in shared memory, where it outlives this thread. */
  get isSettled(): boolean {
    return this.#commands.settled;
  }

  /** Resolves when everything that was sent so far is in shared memory. */
  async settled(): Promise<void> {
    if (!this.isSettled) await new Promise<void>((resolve) => void this.#onSettled.push(resolve));
  }

  /**
   * No more events: those that were not taken are another thread's from now on. Resolves when nothing is on its way out
   * of this thread any more.
   */
  async leaveEvents(): Promise<void> {
    this.#leftEvents = true;
    // what is sent meanwhile has to leave as well
    while (!this.isSettled) await this.settled();
    this.#events?.ring.free();
    this.#events = undefined;
  }

  /** Resolves when the last event has been delivered and no other will come. */
  async eventsEnded(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#onEventsEnded = resolve;
      this.#doorbell.ring();
    });
  }

  /**
   * Says that an event is being started: should this thread die, nobody will be handed it again.
   * An event that is never taken goes to the thread that comes after this one.
   *
   * @returns false when that is not known outside of this thread yet, but once it is {@link settled}
   */
  take(place: number): boolean {
    if (place >= 0) {
      this.#events?.ring.take(place);
      if (!this.#working) this.#events?.ring.free();
      return true;
    }
    const number = PARKED - place;
    const original = this.#leaving.get(number);
    if (original !== undefined) {
      this.#leaving.delete(number);
      this.take(original);
    }
    this.#parkFrame.command = Command.UNPARK_EVENT;
    this.#parkFrame.clientIp = number;
    this.#parkFrame.body = '';
    this.#commands.send(this.#parkFrame);
    return original !== undefined || this.isSettled;
  }

  /**
   * Moves an event that will not be taken soon out of the ring, into the slot's keeping, so that the ring's space can be used.
   *
   * @param frame the whole event, encoded
   * @returns the place by which it is taken from now on
   */
  park(place: number, frame: Buffer): number {
    if (place < 0) return place;
    const number = ++this.#lastParked;
    this.#parkFrame.command = Command.PARK_EVENT;
    this.#parkFrame.clientIp = number;
    this.#parkFrame.body = frame;
    this.#commands.send(this.#parkFrame);
    // should this thread die before the copy has left it, the original still lies in the ring
    if (this.isSettled) {
      this.take(place);
    } else {
      this.#leaving.set(number, place);
      this.#parking += frameLength(this.#parkFrame);
    }
    return PARKED - number;
  }

  protected start(): void {
    this.#doorbell.serve(() => this.#work());
  }

  protected transmit(frame: Frame): boolean {
    return this.#commands.send(frame);
  }

  protected finish(): void {
    this.#doorbell.ring();
  }

  protected abandon(): void {
    this.#doorbell.close();
  }

  #work(): boolean {
    if (this.state === 'closed') return false;
    this.#working = true;
    const replied = this.#replies.poll(REPLIES_PER_ROUND);
    const happened = !this.#leftEvents && !this.#eventsHeld && this.#pollEvents();
    this.#working = false;
    if (happened) this.#afterRound?.();
    this.#commands.pump();
    if (this.isSettled) this.#tellSettled();
    if (this.#events?.ring.ended === true) this.#onEventsEnded?.();
    const nothingComes = this.#replies.ring.ended && this.#events?.ring.waiting !== true;
    if (nothingComes || (this.state === 'closing' && this.isSettled)) this.#end();
    return replied || happened;
  }

  /**
   * Delivers a round of events. None while what handlers have sent does not fit into its ring: then events wait in theirs,
   * and the gateway, which is behind, reads its clients no further and catches up. One that has closed its end takes
   * nothing any more: there is nothing to wait for then.
   */
  #pollEvents(): boolean {
    let happened = false;
    for (let left = EVENTS_PER_ROUND; left > 0; left -= EVENTS_PER_LOOK) {
      if (!this.isSettled && !this.#replies.ring.ended) break;
      if (this.#events?.poll(EVENTS_PER_LOOK) !== true) break;
      happened = true;
    }
    return happened;
  }

  #tellSettled(): void {
    for (const place of this.#leaving.values()) this.take(place);
    this.#leaving.clear();
    this.#parking = 0;
    for (const resolve of this.#onSettled.splice(0)) resolve();
  }

  #end(): void {
    this.#commands.close();
    this.#doorbell.close();
    this.ended();
  }
}
