import type { ThreadLink } from '../link/thread-link.js';
import { Command } from '../wire/command.js';
import type { ReceivedFrame } from '../wire/frame.js';
import { type ClientEvents, GATEWAY_GONE, type WaitingEvent } from './client-events.js';
import type { ClientReports } from './client-reports.js';

/** Bytes of one client's events that may wait in this thread before the gateway is asked to send no more for now. */
const WAITING_BYTES_PER_CLIENT = 256 * 1024;
/** The same while an answer of the client is awaited, which comes behind them. */
const WAITING_BYTES_WHILE_ASKED = 8 * 1024 * 1024;
/** The share of the event ring that waiting events may hold before the oldest of them move out. */
const HELD_SHARE = 0.25;

/** The events of all clients that wait: each in its client's queue, and in the ring or parked in the slot's keeping. */
export class WaitingEvents {
  readonly #link: ThreadLink;
  readonly #reports: ClientReports;
  /** Those whose frames are still in the ring, oldest first. */
  readonly #inRing = new Set<WaitingEvent>();

  constructor(link: ThreadLink, reports: ClientReports) {
    this.#link = link;
    this.#reports = reports;
  }

  /** An event arrived behind others of its client. */
  add(events: ClientEvents, frame: ReceivedFrame, place: number): void {
    const event = { place, command: frame.command, frame: frame.copy() };
    events.wait(event);
    this.#inRing.add(event);
    if (events.paused || events.waitingBytes <= allowance(events)) return;
    events.paused = true;
    this.#reports.paused(events, true);
  }

  /** Takes the oldest of a client's out of its queue. It is for the caller to take it from the link. */
  next(events: ClientEvents): WaitingEvent | undefined {
    const event = events.next();
    if (event !== undefined) this.#inRing.delete(event);
    return event;
  }

  /** The gateway reads the client again, if it was asked not to and little waits now. */
  readOn(events: ClientEvents): void {
    if (!events.paused || events.waitingBytes >= allowance(events) / 2) return;
    events.paused = false;
    this.#reports.paused(events, false);
  }

  /** Takes out all that waits of a client that is to be another worker's: frames and places, without the word of that. */
  takeOut(events: ClientEvents): { frames: Buffer[]; places: number[] } {
    const frames: Buffer[] = [];
    const places: number[] = [];
    for (let event = this.next(events); event !== undefined; event = this.next(events)) {
      places.push(event.place);
      if (event.command !== Command.CLIENT_ROUTED) frames.push(event.frame);
    }
    return { frames, places };
  }

  /** Drops what waits of a client that was closed, but for its end. */
  dropAllButEnd(events: ClientEvents): void {
    for (let left = events.waiting?.length ?? 0; left > 0; left--) {
      const event = events.next() as WaitingEvent;
      const { command } = event;
      if (event === GATEWAY_GONE || command === Command.ON_CLOSE || command === Command.CLIENT_ROUTED) {
        events.wait(event);
      } else {
        this.#inRing.delete(event);
        this.#link.take(event.place);
      }
    }
    this.readOn(events);
  }

  /** Moves waiting events out of the event ring, the oldest first, while they hold too much of it. */
  makeRoom(): void {
    for (const oldest of this.#inRing) {
      if (this.#link.held <= HELD_SHARE) break;
      this.#inRing.delete(oldest);
      oldest.place = this.#link.park(oldest.place, oldest.frame);
    }
  }

  /** What waits of these clients, which are all, is left to another thread. */
  leave(clients: Iterable<{ readonly events: ClientEvents }>): void {
    for (const { events } of clients) {
      events.waiting = undefined;
      events.moving = false;
    }
    this.#inRing.clear();
  }
}

/** Bytes of a client's events that may wait. */
function allowance({ asked }: ClientEvents): number {
  return asked > 0 ? WAITING_BYTES_WHILE_ASKED : WAITING_BYTES_PER_CLIENT;
}
