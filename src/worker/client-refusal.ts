import { sentence } from '../base/error-text.js';
import { GatewayError } from '../base/errors.js';

/** Thrown by `client.request`: the client has answered with an error. What that is is the client's word, and not checked. */
export class ClientRefusal extends GatewayError {
  /** What the client has sent as its `error`. */
  readonly refusal: unknown;

  constructor(clientId: string, event: string, refusal: unknown) {
    const said = (refusal as { message?: unknown } | null)?.message;
    const refused = `The client ${clientId} has refused the request '${event}'`;
    super(
      'GW_REFUSED',
      typeof said === 'string' && said !== '' ? sentence(`${refused}: ${said}`) : `${refused}.`,
    );
    this.refusal = refusal;
  }
}
