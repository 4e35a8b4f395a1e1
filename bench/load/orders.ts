import type { DialectName } from './dialect.js';

/** What the load generator can be asked to do, by name. Times are in seconds. */

/** How long to run before measuring, and how long to measure. */
export interface Timing {
  readonly warmUp: number;
  readonly duration: number;
}

/** The server to turn to. */
export interface Target {
  /** Clients are spread evenly over them. */
  readonly ports: readonly number[];
  /** Its processes, whose use of the processor is measured, with those that they started. */
  readonly pids: readonly number[];
  readonly tls: boolean;
  /** Whether clients offer to compress messages. */
  readonly compression: boolean;
  readonly dialect: DialectName;
}

interface To {
  readonly target: Target;
}

export interface EchoOrder extends Timing, To {
  readonly scenario: 'echo';
  readonly clients: number;
  /** More clients, who say nothing. */
  readonly idleClients: number;
  /** Messages of each client that wait for their answers, at most ROTATION. */
  readonly inFlight: number;
}

export interface PacedEchoOrder extends Timing, To {
  readonly scenario: 'paced-echo';
  readonly clients: number;
  /** Messages a second, all clients together, whether or not the answers come. */
  readonly rate: number;
}

export interface FloodOrder extends To {
  readonly scenario: 'flood';
  /** Clients that send at a steady rate. */
  readonly neighbours: number;
  /** Messages a second, all neighbours together. */
  readonly rate: number;
  /** What one more client sends as fast as the server takes it. */
  readonly messages: number;
  readonly warmUp: number;
}

export interface FanOutOrder extends Timing, To {
  readonly scenario: 'fan-out';
  readonly clients: number;
  readonly audience: 'all' | 'groups';
  /** As fast as it goes, with so many messages not yet delivered to everyone at most; or so many messages a second. */
  readonly pace: { readonly mostOutstanding: number } | { readonly perSecond: number };
}

export interface DocumentFanOutOrder extends Timing, To {
  readonly scenario: 'document-fan-out';
  readonly clients: number;
  /** Messages that are not yet delivered to everyone, at most. */
  readonly mostOutstanding: number;
}

export interface ChatOrder extends Timing, To {
  readonly scenario: 'chat';
  readonly clients: number;
  /** Messages on their way from each client to its partner, at most ROTATION. */
  readonly inFlight: number;
}

export interface ConnectsOrder extends To {
  readonly scenario: 'connects';
  readonly clients: number;
  /** Clients that come and go before the measurement. */
  readonly warmUpClients: number;
}

export interface RequestsOrder extends Timing, To {
  readonly scenario: 'requests';
  /** Connections, each with one request in flight. */
  readonly clients: number;
}

export interface HoldOrder extends To {
  readonly scenario: 'hold';
  readonly clients: number;
  /** Whether each sends one message, which gives it a session where there are sessions. */
  readonly signIn: boolean;
}

export interface ReleaseOrder {
  readonly scenario: 'release';
}

export type Order =
  | EchoOrder
  | PacedEchoOrder
  | FloodOrder
  | FanOutOrder
  | DocumentFanOutOrder
  | ChatOrder
  | ConnectsOrder
  | RequestsOrder
  | HoldOrder
  | ReleaseOrder;

/** What was measured: rates per second, latencies in milliseconds, processor time in microseconds. */
export type Figures = Record<string, number>;

/** What comes back for an order. */
export type Outcome = { readonly figures: Figures } | { readonly error: string };
