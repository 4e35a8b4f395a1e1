import type { GatewayCalls } from '../api/gateway-calls.js';
import { NO_STATE, decodeClientState } from '../wire/client-state.js';
import type { Client } from './client.js';
import type { HandlerLog } from './handler-log.js';

/**
 * The client was another thread's before: what that thread changed may be newer than what the event says, so the gateway is
 * asked first, which has applied everything that thread sent.
 */
export async function catchUp(gateway: GatewayCalls, client: Client, log: HandlerLog): Promise<void> {
  try {
    const state = await gateway.clientState(client.id);
    if (state !== null) client.view.receive(state.length === 0 ? NO_STATE : decodeClientState(state));
  } catch (error) {
    log.stateUnknown(client, error);
  }
}
