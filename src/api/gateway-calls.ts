import { GatewayError } from '../base/errors.js';
import type { Message } from './arguments.js';
import type { CloseOptions } from './close-options.js';
import { QueryCalls } from './query-calls.js';
import type { SendOptions } from './send-calls.js';
import type { CurrentClient } from './transport.js';

/**
 * The Gateway API as handlers use it: everything, and the calls on the current client, which is the one whose event is
 * being handled, also after an `await`. Those throw GW_NO_CONTEXT outside a handler.
 */
export class GatewayCalls extends QueryCalls {
  #current: CurrentClient | undefined;

  /** @internal Tells who knows the current client. */
  attachContext(current: CurrentClient): void {
    this.#current = current;
  }

  /** {@link sendToClient} to the current client. */
  sendToCurrentClient(message: Message, options: SendOptions = {}): boolean {
    return this.sendToClient(this.#clientId('sendToCurrentClient'), message, options);
  }

  /** {@link closeClient} for the current client. */
  closeCurrentClient(message?: Message, options?: CloseOptions): boolean {
    return this.closeClient(this.#clientId('closeCurrentClient'), message, options);
  }

  /** {@link destroyClient} for the current client. */
  destroyCurrentClient(): boolean {
    return this.destroyClient(this.#clientId('destroyCurrentClient'));
  }

  /** {@link destroyCurrentClient}, as GatewayWorker spells it. */
  destoryCurrentClient(): boolean {
    return this.destroyCurrentClient();
  }

  #clientId(call: string): string {
    const id = this.#current?.currentClientId();
    if (id !== undefined) return id;
    throw new GatewayError(
      'GW_NO_CONTEXT',
      `${call} was called outside a client's event; name the client with the call without "Current".`,
    );
  }
}

/** Sends to, asks about and changes any client of the cluster. */
export const Gateway = new GatewayCalls();
