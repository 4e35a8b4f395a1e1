import { Doorbell } from '../ring/doorbell.js';
import type { RunningEvent } from '../ring/thread-gauge.js';
import { type GatewayAddress, formatClientId, isAt, parseClientId } from '../wire/client-id.js';
import { Command, Flag } from '../wire/command.js';
import { type Frame, type ReceivedFrame, decodeFrame, emptyFrame, encodeFrame } from '../wire/frame.js';
import { answerInPlace } from '../wire/lost-answer.js';
import { AskedRoutes } from './asked-routes.js';
import { BaseLink } from './base-link.js';
import { type Takeover, type ThreadMemory, ringFor } from './ring-memory.js';
import type { LinkSubscriber } from './link.js';
import { RingSender } from './ring-sender.js';
import { ThreadRings } from './thread-rings.js';

/** Threads that a request id can tell apart. */
const THREADS = 255;
/** A request id's high byte is the number of the thread that asked. */
const THREAD_SHIFT = 24;

export interface SlotLinkOptions {
  readonly name: string;
  /** The main thread's, which whoever owns the links serves with {@link SlotLink.poll}. */
  readonly doorbell: Doorbell;
  /** Bytes of events that may wait before `send` returns false. */
  readonly eventBufferSize: number;
  /** The same for the thread's sends. */
  readonly commandBufferSize: number;
  /** A frame from the thread could not be handled. The frame is skipped. */
  readonly onError: (error: Error) => void;
}

/** Who sees what comes of a slot before its subscriber does: what the threads send may be for other gateways. */
export interface SlotSorter extends LinkSubscriber {
  /** Who has subscribed: what is for the gateway of this process goes there. */
  subscribed(subscriber: LinkSubscriber): void;
  /** More than the buffer size waits. Called after each send that returned false. */
  congested(): void;
}

/**
 * The ring link's main-thread end. It belongs to a worker slot and outlives the threads that serve it: the event ring is
 * the slot's, and each thread brings its own rings for commands and replies. Threads have numbers within their slot.
 */
export class SlotLink extends BaseLink {
  readonly #options: SlotLinkOptions;
  readonly #eventRing: SharedArrayBuffer;
  readonly #events: RingSender;
  /** By their numbers. */
  readonly #threads = new Map<number, ThreadRings>();
  /** Events that a thread has parked: they are no longer in the ring, and go to the next thread if this one dies. */
  readonly #parked = new Map<number, Buffer>();
  /** Clients whose events a thread does not want for now, by client id, and its number. */
  readonly #paused = new Map<string, number>();
  /**
   * Ids of clients that a thread of this slot has closed, until one begins with their last event: what waits of theirs is
   * not for the threads after that one either.
   */
  readonly #closed = new Set<string>();
  readonly #routes = new AskedRoutes();
  readonly #drained = (): void => {
    if (this.state === 'open') this.subscriber.drained();
  };
  #sorter: SlotSorter | undefined;
  #lastNumber = 0;
  /** The thread that takes events, or was the last to. */
  #serving = 0;
  #subscribed = false;
  #served = false;
  #handshakes = false;
  #requests = false;
  /** Whether events had to wait for a new thread. */
  #unserved = false;
  #ending = false;

  constructor(options: SlotLinkOptions) {
    super(options.name);
    this.#options = options;
    this.#eventRing = ringFor(options.eventBufferSize);
    this.#events = new RingSender(this.#eventRing, new Doorbell(), options.eventBufferSize, this.#drained, {
      keepOriginals: true,
    });
  }

  override get ready(): boolean {
    return super.ready && this.#served;
  }

  /** Of the code that serves, or was the last to. */
  override get handshakes(): boolean {
    return this.#handshakes;
  }

  /** Likewise. */
  override get requests(): boolean {
    return this.#requests;
  }

  get bufferedBytes(): number {
    return this.#events.bufferedBytes;
  }

  get congested(): boolean {
    return this.#events.congested;
  }

  override get full(): boolean {
    return this.#events.full;
  }

  /** Events that wait in the slot's keeping, outside the ring. */
  get parked(): number {
    return this.#parked.size;
  }

  /** Whether there are events that no thread has begun. */
  get hasEvents(): boolean {
    return this.bufferedBytes > 0 || this.#parked.size > 0;
  }

  /** How far the events' ring was written and freed: positions that wrap at 2^32. */
  get flow(): { readonly written: number; readonly freed: number } {
    return this.#events.flow;
  }

  /** No thread takes events until the next {@link serveBy}. */
  unserved(): void {
    this.#served = false;
    this.#unserved = true;
  }

  /** Prepares the rings of a new thread. It is handed no events before {@link serveBy}. */
  attach(): ThreadMemory {
    do {
      this.#lastNumber = (this.#lastNumber % THREADS) + 1;
    } while (this.#threads.has(this.#lastNumber));
    const number = this.#lastNumber;
    const { doorbell, commandBufferSize, onError } = this.#options;
    const thread = new ThreadRings({
      events: this.#eventRing,
      doorbell,
      commandBufferSize,
      number,
      onFrame: (frame) => this.#received(frame, number),
      onError,
    });
    this.#threads.set(number, thread);
    return thread.memory;
  }

  /**
   * The thread of this number is the one that takes events from now on: the one before it has left them (or died).
   * Everything that one has sent is delivered first.
   *
   * @param handshakes whether its code has an onHandshake @param requests and an onRequest
   * @returns what the thread needs for ThreadLink.receiveEvents
   */
  serveBy(number: number, handshakes = false, requests = false): Takeover {
    const { memory } = this.#thread(number);
    for (const thread of this.#threads.values()) this.#drain(thread);
    // what the thread before asked for does not bind this one
    for (const clientId of this.#paused.keys()) this.#resume(clientId);
    this.#serving = number;
    this.#events.doorbell = new Doorbell(memory.threadDoorbell);
    const takeover = {
      parked: [...this.#parked],
      originals: this.#events.originals(),
      closed: [...this.#closed],
      routes: this.#routes.tellAll(),
    };
    this.#events.pump();
    this.#served = true;
    this.#handshakes = handshakes;
    this.#requests = requests;
    if (this.#unserved) queueMicrotask(this.#drained);
    this.#unserved = false;
    return takeover;
  }

  /** Delivers everything that the thread of this number has sent. One that is gone has been drained. */
  drain(number: number): void {
    this.#drain(this.#threads.get(number));
  }

  /** The thread of this number is gone: what it sent is still delivered, what it asked is forgotten. */
  detach(number: number): void {
    this.drain(number);
    this.#threads.delete(number);
    // it cannot ask for the rest any more; the thread that comes after it asks for pauses of its own
    for (const [clientId, by] of this.#paused) if (by === number) this.#resume(clientId);
    if (this.state === 'closing') this.finish();
  }

  /** How often threads before the one that serves have asked where a client's events go, without its knowing, as it does now. */
  tellRoutes(clientId: string): number {
    return this.#routes.tell(clientId);
  }

  /** A gateway is gone: the thread will see that after the last event of its clients, who are nobody's here from then on. */
  forget(gateway: GatewayAddress): void {
    for (const id of this.#paused.keys()) if (isAt(gateway, parseClientId(id))) this.#paused.delete(id);
    this.#routes.forget(gateway);
    const { ip: localIp, port: localPort } = gateway;
    this.send({ ...emptyFrame(), command: Command.GATEWAY_GONE, localIp, localPort });
  }

  /** A thread is gone without having done an event that it had begun with: if that asks for an answer, its gateway is given one. */
  eventLost({ command, localIp, localPort, connectionId }: RunningEvent): void {
    const answer = answerInPlace(command);
    if (this.state === 'closed' || answer === undefined) return;
    const frame = { ...emptyFrame(), ...answer, localIp, localPort, connectionId };
    this.subscriber.frame(decodeFrame(encodeFrame(frame)), 0);
  }

  /** As {@link send}, for an event or a reply that came over another link: its bytes go on as they are. */
  relay(frame: ReceivedFrame): boolean {
    if (frame.command !== Command.REPLY) return this.#events.relay(frame);
    this.#threads.get(frame.clientIp >>> THREAD_SHIFT)?.replies.relay(frame);
    return true;
  }

  /** No event follows: the thread will see that after the last one (ThreadLink.eventsEnded). Replies go on. */
  endEvents(): void {
    this.#ending = true;
    this.poll();
  }

  /** Delivers what the threads sent and sends what waited for room. @returns whether there was anything */
  poll(): boolean {
    if (this.state === 'closed' || !this.#subscribed) return false;
    let worked = false;
    for (const thread of this.#threads.values()) if (thread.poll()) worked = true;
    this.#events.pump();
    if (this.#ending && this.#events.settled) this.#events.close();
    if (this.state === 'closing') this.finish();
    return worked;
  }

  /** From {@link subscribe} on, everything goes to the router, which hands on what is the subscriber's. */
  sortBy(sorter: SlotSorter): void {
    this.#sorter = sorter;
  }

  override subscribe(subscriber: LinkSubscriber): void {
    this.#sorter?.subscribed(subscriber);
    super.subscribe(this.#sorter ?? subscriber);
  }

  protected start(): void {
    this.#subscribed = true;
    this.#options.doorbell.ring();
  }

  protected transmit(frame: Frame): boolean {
    // that a client came or went is in no hurry: often it is many in a row, and a thread would be woken for each
    const { command } = frame;
    if (command !== Command.REPLY) {
      const urgent =
        command === Command.ON_MESSAGE ||
        command === Command.CLIENT_ROUTED ||
        command === Command.ON_HANDSHAKE ||
        command === Command.ON_REQUEST;
      const writable = this.#events.send(frame, urgent);
      if (!writable) this.#sorter?.congested();
      return writable;
    }
    // a reply to a thread that is gone has nobody to go to
    this.#threads.get(frame.clientIp >>> THREAD_SHIFT)?.replies.send(frame);
    return true;
  }

  /** Ends once every event and reply is in its ring; the threads see the end after the last of them. */
  protected finish(): void {
    if (!this.#events.settled && this.#threads.size > 0) return;
    for (const { replies } of this.#threads.values()) if (!replies.settled) return;
    this.abandon();
    this.ended();
  }

  protected abandon(): void {
    this.#events.close();
    for (const { replies } of this.#threads.values()) replies.close();
  }

  #received(frame: ReceivedFrame, by: number): void {
    if (this.state === 'closed') return;
    const { command } = frame;
    if (command >= Command.PARK_EVENT) {
      if (this.#noted(frame, by)) return;
    } else {
      if ((frame.flags & Flag.OWN) !== 0) this.#clientClosed(frame, by);
      if (command === Command.PAUSE_CLIENT) this.#paused.set(clientIdOf(frame), by);
      else if (command === Command.RESUME_CLIENT) this.#paused.delete(clientIdOf(frame));
    }
    this.subscriber.frame(frame, 0);
  }

  /** What a thread says that the slot has to remember. @returns whether it is for the slot alone */
  #noted(frame: ReceivedFrame, by: number): boolean {
    switch (frame.command) {
      case Command.PARK_EVENT:
        this.#parked.set(frame.clientIp, Buffer.from(frame.body));
        return true;
      case Command.UNPARK_EVENT:
        this.#parked.delete(frame.clientIp);
        return true;
      case Command.CLIENT_FORGOTTEN:
        this.#closed.delete(clientIdOf(frame));
        return true;
      case Command.CLIENT_ROUTED:
        this.#routes.answered(clientIdOf(frame), frame.clientIp);
        return true;
      case Command.CLIENT_ANSWERED:
        this.#sendOn(frame, by);
        return true;
      case Command.ROUTE_CLIENT:
        if ((frame.flags & Flag.OWN) !== 0) this.#routes.asked(clientIdOf(frame), by === this.#serving);
        return false;
      case Command.CLIENT_MOVED:
        this.#routes.moved(clientIdOf(frame));
        // what it asked for as the client's worker does not bind the next one
        this.#paused.delete(clientIdOf(frame));
        return false;
      default:
        return false;
    }
  }

  /** A thread closes a client of this slot: the one that gets its events has to know. */
  #clientClosed(frame: ReceivedFrame, by: number): void {
    const { localIp, localPort, connectionId } = frame;
    this.#closed.add(clientIdOf(frame));
    if (by === this.#serving) return;
    const word = { ...emptyFrame(), command: Command.CLIENT_CLOSED, localIp, localPort, connectionId };
    this.#threads.get(this.#serving)?.replies.send(word);
  }

  /** What a thread has read is for one before it. */
  #sendOn(frame: ReceivedFrame, by: number): void {
    const { clientIp: to } = frame;
    for (const [number, { replies }] of this.#threads) {
      if (number !== by && (to === 0 || to === number)) replies.send(frame);
    }
  }

  #resume(clientId: string): void {
    this.#paused.delete(clientId);
    if (this.state === 'closed') return;
    const frame = { ...emptyFrame(), command: Command.RESUME_CLIENT, ...parseClientId(clientId) };
    this.subscriber.frame(decodeFrame(encodeFrame(frame)), 0);
  }

  #drain(thread: ThreadRings | undefined): void {
    while (this.#subscribed && thread?.drain() === true);
  }

  #thread(number: number): ThreadRings {
    const thread = this.#threads.get(number);
    if (thread === undefined) throw new RangeError(`${this.name} has no generation ${number}`);
    return thread;
  }
}

function clientIdOf({ localIp, localPort, connectionId }: Frame): string {
  return formatClientId(localIp, localPort, connectionId);
}
