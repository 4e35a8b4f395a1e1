/** What a gateway has counted since it started. */
export class Counters {
  /** Clients that came in. */
  connections = 0;
  /** Clients turned away: by maxConnections, at a shutdown, or for lack of a worker. */
  refusedConnections = 0;
  messagesIn = 0;
  messagesOut = 0;
  /** Messages that a slow client did not get. */
  messagesDropped = 0;
  /** Datagrams that came while too many of their client's queued for a worker. */
  datagramsDropped = 0;
  /** Messages from worker to worker that nobody got. */
  workerMessagesDropped = 0;
  /** Clients closed because they did not read. */
  slowClients = 0;
  /** Clients closed because they gave no sign of life. */
  heartbeatDrops = 0;
  /** What clients were refused, by kind: mostly their connections, for what they sent. */
  readonly refusals = new Map<string, number>();
  /** What peers on the inner port were refused, by kind: mostly their connections. */
  readonly innerRefusals = new Map<string, number>();

  refused(kind: string): void {
    this.refusals.set(kind, (this.refusals.get(kind) ?? 0) + 1);
  }

  innerRefused(kind: string): void {
    this.innerRefusals.set(kind, (this.innerRefusals.get(kind) ?? 0) + 1);
  }
}
