/** How people are reached, from any program: a web site, a job that runs at night, or a script. */
import type { GatewayClient } from 'gatewayworker/client';

export interface Recipients {
  /** One person, wherever they are logged in. */
  uid?: string;
  /** Who asked for a topic. Without either it is everybody. */
  topic?: string;
}

/** The part of the Gateway API that is needed here; a handler's own `Gateway` has it too. */
type Sender = Pick<
  GatewayClient,
  'sendToUid' | 'sendToGroup' | 'getClientIdByUid' | 'getClientIdCountByGroup'
>;

export const EVERYBODY = 'everybody';

export function groupOf(topic: string): string {
  return `topic:${topic}`;
}

/** Sends a text. Resolves to the number of tabs and devices that are online to get it. */
export async function notify(gateway: Sender, { uid, topic }: Recipients, text: string): Promise<number> {
  const message = JSON.stringify({ type: 'push', text, at: Date.now() });
  if (uid !== undefined) {
    gateway.sendToUid(uid, message);
    return (await gateway.getClientIdByUid(uid)).length;
  }
  const group = topic === undefined ? EVERYBODY : groupOf(topic);
  gateway.sendToGroup(group, message);
  return await gateway.getClientIdCountByGroup(group);
}
