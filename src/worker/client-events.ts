import { Queue } from '../base/queue.js';
import type { ClientAddress } from '../wire/client-id.js';
import { Command } from '../wire/command.js';
import type { ClientRequest } from './client-requests.js';

/** An event that waits because an earlier one of its client is still being handled. */
export interface WaitingEvent {
  /** By what ThreadLink.take knows it. */
  place: number;
  readonly command: number;
  /** The whole frame, copied. */
  readonly frame: Buffer;
}

/** What stands in the queue where the link to the client's gateway broke: what comes after is of a new time. */
export const GATEWAY_GONE: WaitingEvent = {
  place: 0,
  command: Command.GATEWAY_GONE,
  frame: Buffer.alloc(0),
};
/** Bytes that an event that waits is counted with beside its frame's: the objects around it. */
const OVERHEAD = 256;

/** The order of one client's events in its worker. */
export class ClientEvents implements ClientAddress {
  readonly localIp: number;
  readonly localPort: number;
  readonly connectionId: number;
  /** Whether the next events have to wait for something here: a handler is pending, or the client's state is not known yet. */
  busy = false;
  /** How often was asked where its events go, without an answer yet: until then no further one is begun. */
  routes = 0;
  /** Whether it is to be another worker's as soon as nothing of it is pending: the word of that is the last that waits. */
  moving = false;
  /** When the handler that is pending began to be (milliseconds, monotonic). */
  pendingSince = 0;
  /** The event that was started last. */
  command = 0;
  /** What it was asked, and has not answered, by the ids of that; once it was asked anything. */
  requests: Map<number, ClientRequest> | undefined;
  /** How many there are, and one for a thread before this one: its messages may be answers, which do not wait. */
  asked = 0;
  /** Whether a thread before this one may have asked it something. */
  inherited = false;
  /** Whether its end has come, though it may have to wait for a handler. */
  gone = false;
  /** Whether its worker has closed it: nothing more of it is handled but its end. */
  closed = false;
  /** Counts its events: a handler that settles in another turn than its own came too late. */
  turn = 0;
  /** Whether the gateway was asked not to send more of its events for now. */
  paused = false;
  /** The next events, oldest first, once one has had to wait. */
  waiting: Queue<WaitingEvent> | undefined;
  /** What the waiting events take: bytes, counted with {@link OVERHEAD}. */
  waitingBytes = 0;

  constructor({ localIp, localPort, connectionId }: Readonly<ClientAddress>) {
    this.localIp = localIp;
    this.localPort = localPort;
    this.connectionId = connectionId;
  }

  /** Whether its next events have to wait. */
  get waits(): boolean {
    return this.busy || this.routes > 0;
  }

  /** Puts an event behind those that wait. */
  wait(event: WaitingEvent): void {
    this.waiting ??= new Queue();
    this.waiting.push(event);
    this.waitingBytes += sizeOf(event);
  }

  /** Takes out the oldest event that waits. */
  next(): WaitingEvent | undefined {
    const event = this.waiting?.shift();
    if (event !== undefined) this.waitingBytes -= sizeOf(event);
    return event;
  }

  /** Whether there is a handler for this event of the client, as far as that is known. */
  wants(command: number): boolean {
    return !this.closed || command === Command.ON_CLOSE;
  }
}

function sizeOf({ frame }: WaitingEvent): number {
  return frame.length + OVERHEAD;
}
