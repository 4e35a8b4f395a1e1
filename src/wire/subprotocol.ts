/*
 * The websocket subprotocol of named messages. A client that offers it is told first who it is:
 *
 *   {"hello":{"version":1,"id":"7f0000010b5400000007"}}
 *
 * From then on messages are as those of any websocket, but for named ones with bytes in their data.
 */

/** What clients offer. */
export const SUBPROTOCOL = 'gatewayworker.v1';

/** What a server says first. */
export interface Hello {
  readonly version: number;
  /** The client id. */
  readonly id: string;
}

/** The first message to a client of this id. */
export function encodeHello(id: string): string {
  const hello: Hello = { version: 1, id };
  return JSON.stringify({ hello });
}
