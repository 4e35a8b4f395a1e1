/** What the load generator can be asked to do, by name. Times are in seconds. */

/** How long to run before measuring, and how long to measure. */
export interface Timing {
  readonly warmUp: number;
  readonly duration: number;
}

/** The server to turn to. */
export interface Target {
  readonly port: number;
  /** Its process, whose use of the processor is measured. */
  readonly pid: number;
}

export interface EchoOrder extends Timing, Target {
  readonly scenario: 'echo';
  readonly clients: number;
  /** Messages of each client that wait for their answers, at most ROTATION. */
  readonly inFlight: number;
}

export interface FanOutOrder extends Timing, Target {
  readonly scenario: 'fan-out';
  readonly clients: number;
  /** Broadcasts that are not yet delivered to everyone. */
  readonly outstanding: number;
}

export interface ConnectsOrder extends Target {
  readonly scenario: 'connects';
  readonly clients: number;
  /** Clients that come and go before the measurement. */
  readonly warmUpClients: number;
}

export interface HoldOrder {
  readonly scenario: 'hold';
  readonly port: number;
  readonly clients: number;
  /** Whether each sends one message, which gives it a session where there are sessions. */
  readonly signIn: boolean;
}

export interface ReleaseOrder {
  readonly scenario: 'release';
}

export type Order = EchoOrder | FanOutOrder | ConnectsOrder | HoldOrder | ReleaseOrder;

/** What was measured: rates per second, latencies in milliseconds, processor time in microseconds. */
export type Figures = Record<string, number>;

/** What comes back for an order. */
export type Outcome = { readonly figures: Figures } | { readonly error: string };
