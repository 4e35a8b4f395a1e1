import type { Flow } from './protocols/protocol.js';

/**
 * What the heartbeat's looks at a client's connection have shown. Positions are counts of bytes of what was written to it.
 *
 *     0            confirmed         quietFrom                taken        written
 *     ├───────────────┼──────────────────┼──────────────────────┼─────────────┤
 *       the client has  the system holds   since it is silent:    waits in this
 *                       it, or did         heartbeats, and more   process
 *
 * That the system takes bytes says nothing of the client, but where it had been full: then the client has made room. What
 * the client itself has taken is what the system no longer holds.
 */
export class Pulse {
  #received = 0;
  #taken = 0;
  #full = false;
  /** What had been taken when the client fell silent, and the bytes of heartbeats since. */
  #quietFrom = 0;
  #heartbeats = 0;
  /** What the client had confirmed when that was first looked at in this silence; -1 when it was not. */
  #confirmed = -1;
  /** What it has certainly taken, and what it has when it answers the last heartbeat. */
  #known = 0;
  #beaten = 0;

  /** @returns whether something has come in since the last look, or the client has made room */
  look(flow: Flow): boolean {
    const { received, taken, full } = flow;
    const moved = received > this.#received || (this.#full && taken > this.#taken);
    this.#received = received;
    this.#taken = taken;
    this.#full = full;
    return moved;
  }

  /** The client is silent as of this look. */
  quiet(): void {
    this.#quietFrom = this.#taken;
    this.#heartbeats = 0;
    this.#confirmed = -1;
  }

  /** A heartbeat has been written since the last look: its own bytes are no sign of life. */
  beaten(flow: Flow): void {
    const { taken } = flow;
    this.#heartbeats += taken - this.#taken;
    this.#taken = taken;
    this.#beaten = taken;
  }

  /** The client has answered a heartbeat, which came behind everything that had been taken before. */
  answered(): void {
    this.#known = Math.max(this.#known, this.#beaten);
  }

  /** Bytes beside heartbeats of which it is not known whether the client has them, or takes them just now. */
  get doubtful(): number {
    return this.#taken - this.#known - this.#heartbeats;
  }

  /** Position up to which the system had taken at the last look. */
  get taken(): number {
    return this.#taken;
  }

  /**
   * The system's own numbers have come. @param confirmed where the client was at the last look
   * @returns whether it has taken something in its silence beside heartbeats, as far as that can be told
   */
  confirm(confirmed: number): boolean {
    const from = this.#confirmed < 0 ? this.#quietFrom : Math.min(this.#confirmed, this.#quietFrom);
    if (this.#confirmed < 0) this.#confirmed = confirmed;
    this.#known = Math.max(this.#known, confirmed);
    return confirmed - from > this.#heartbeats;
  }
}
