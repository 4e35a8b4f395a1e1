import { Doorbell } from '../ring/doorbell.js';
import { createRing } from '../ring/layout.js';
import { ThreadGauge } from '../ring/thread-gauge.js';

/*
 * The shared memory between a slot (main thread) and the thread that serves it:
 *
 *   main thread                                            worker thread
 *   -----------  events    (the slot's: outlives threads)  ------------>
 *   -----------  replies   (a thread's)                    ------------>
 *   <----------  commands  (a thread's)                    ------------
 *
 * Replies have a ring of their own so that they never queue behind events. Each thread sleeps on one doorbell, whatever
 * it waits for: frames, or room in a ring.
 */
export interface ThreadMemory {
  readonly events: SharedArrayBuffer;
  readonly replies: SharedArrayBuffer;
  readonly commands: SharedArrayBuffer;
  readonly threadDoorbell: SharedArrayBuffer;
  readonly mainDoorbell: SharedArrayBuffer;
  /** What the thread shows of itself. */
  readonly gauge: SharedArrayBuffer;
  /** Bytes that may wait for a gateway before a send returns false. */
  readonly commandBufferSize: number;
  /** The thread's number within its slot: tells its request ids from those of the threads before and after it: 1 to 255. */
  readonly number: number;
}

/** What a thread that takes over a slot's events gets from the one before it. */
export interface Takeover {
  /** Events that the thread before had parked, oldest first, each with its number (see Command.PARK_EVENT). */
  readonly parked: readonly (readonly [number: number, frame: Uint8Array])[];
  /** Long events whose beginning only the thread before had, by the places of their last records in the event ring. */
  readonly originals: readonly (readonly [place: number, frame: Uint8Array])[];
  /** Ids of clients that a thread before has closed: of their events that wait only the last is for a handler. */
  readonly closed: readonly string[];
  /** Clients whose events wait until a gateway has said where they go, and how often that has been asked (AskedRoutes). */
  readonly routes: readonly (readonly [clientId: string, count: number])[];
}

/** A larger ring only pushes other data out of the caches: what does not fit waits in the sender's queue. */
const LARGEST_RING = 2 ** 20;

/** A ring for a buffer of this many bytes. */
export function ringFor(bufferSize: number): SharedArrayBuffer {
  return createRing(Math.min(bufferSize, LARGEST_RING));
}

/** A new thread's own memory, beside the slot's event ring. */
export function threadMemory(
  events: SharedArrayBuffer,
  mainDoorbell: Doorbell,
  commandBufferSize: number,
  number: number,
): ThreadMemory {
  return {
    events,
    replies: ringFor(commandBufferSize),
    commands: ringFor(commandBufferSize),
    threadDoorbell: new Doorbell().shared,
    mainDoorbell: mainDoorbell.shared,
    gauge: new ThreadGauge().shared,
    commandBufferSize,
    number,
  };
}
