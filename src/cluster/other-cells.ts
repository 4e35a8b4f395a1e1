import type { GatewayState } from '../link/gateway-state.js';
import type { ReceivedFrame } from '../wire/frame.js';

/*
 * Gateways of other cells, which no link leads to: what a slot sends to them, and what they answer, goes by the backbone.
 */

/** The way to them of a slot, or of whoever else makes calls. */
export interface CellWay {
  /** What the slot's thread has to know of them. */
  readonly gateways: readonly GatewayState[];
  /** Bytes that may wait before it is congested: the gateways' gauges show how many do. */
  readonly bufferSize: number;
  /** Sends a command that has no address. */
  sendToAll(frame: ReceivedFrame): void;
  /** Sends a command to the one that it names. Where there is none, it is nobody's. */
  send(frame: ReceivedFrame): void;
}

/** Who has such a way. */
export interface CellWayOwner {
  /** A reply. */
  receive(frame: ReceivedFrame): void;
  /** One came, went up or down, or there is room again. */
  cellsChanged(): void;
}

export interface OtherCells {
  open(owner: CellWayOwner): CellWay;
}
