import type { Frame, ReceivedFrame } from '../wire/frame.js';

/*
 * What happens to a link, whatever carries it:
 *
 *   state   | send        | frames come in | close()            | destroy()      | the far end closes or dies
 *   --------+-------------+----------------+--------------------+----------------+---------------------------
 *   open    | accepted    | yes            | -> closing         | -> closed      | -> closed
 *   closing | throws      | yes            | joins the first    | -> closed      | -> closed
 *   closed  | throws      | no             | resolves at once   | nothing        | nothing
 *
 * closing lasts until what was accepted has left this end. The subscriber's closed() is called once, on entering closed.
 */

export type LinkState = 'open' | 'closing' | 'closed';

/** What a link tells its owner. Calls come from the event loop, never from inside `send`. */
export interface LinkSubscriber {
  /**
   * A whole frame, in the order in which they were sent.
   *
   * @param place on a worker thread's link: what {@link ThreadLink.take} is given; else meaningless
   */
  frame(frame: ReceivedFrame, place: number): void;
  /** What waits to be sent fell low again, after `send` had returned false or the link was {@link Link.full}; or the far end is {@link Link.ready} again. */
  drained(): void;
  /** The end: orderly without an error. What the far end sent before has been delivered. */
  closed(error?: Error): void;
}

/** A way for frames between a gateway and a worker. Neither can tell what carries them. */
export interface Link {
  /** Who is at the far end, for logs. */
  readonly name: string;
  readonly state: LinkState;
  /** Whether the far end handles what it gets: a worker slot whose thread died does so again once it is replaced. */
  readonly ready: boolean;
  /** Whether the code at the far end has an onHandshake: known of a slot of this process; others say so in their WORKER_STATE. */
  readonly handshakes: boolean;
  /** Whether it has an onRequest: known likewise. */
  readonly requests: boolean;
  /** Bytes that were accepted and that the far end has not yet taken, as far as this end knows. */
  readonly bufferedBytes: number;
  /** Whether more waits than the link's buffer size, and `drained` is still to come. */
  readonly congested: boolean;
  /** Whether something has to wait for the far end to make room, long before the link is congested; `drained` is still to come. */
  readonly full: boolean;
  /** Sets who is told. Exactly once, before the first frame is sent. */
  subscribe(subscriber: LinkSubscriber): void;
  /**
   * Sends a frame. It is accepted in any case while the link is open; nothing is dropped.
   *
   * @returns false when more than the link's buffer size waits: send no more until `drained`
   * @throws GW_LINK_CLOSED when the link is not open
   */
  send(frame: Frame): boolean;
  /** Lets out what was accepted, then ends. */
  close(): Promise<void>;
  /** Ends now. What the far end has not taken is lost. */
  destroy(error?: Error): void;
}
