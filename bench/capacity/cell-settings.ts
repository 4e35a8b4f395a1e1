/* What both ends of a backbone that is measured have to know. */

export const PREFIX = 'capacity';
/** As sendToGatewayBufferSize by default. */
export const BUFFER_SIZE = 10_240_000;
/** Milliseconds. */
export const PING_INTERVAL = 25_000;
const GROUPS = 1000;

/** Groups that the far end is subscribed to. */
export function groupNames(): string[] {
  return Array.from({ length: GROUPS }, (_, index) => `room-${index}`);
}
