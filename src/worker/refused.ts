import { GatewayError } from '../base/errors.js';
import type { HeaderFields } from '../wire/handshake-answer.js';
import { type ResponseHeaders, headerFields } from './response-headers.js';

/**
 * Thrown by `onHandshake`: the websocket is refused, and answered with this status and text.
 *
 *     throw new Refused(401, 'Wrong token');
 */
export class Refused extends Error {
  override readonly name = 'Refused';
  /** The HTTP status: 400 to 599. */
  readonly status: number;
  /** @internal */
  readonly fields: HeaderFields;

  /**
   * @param status 400 to 599
   * @param text the body of the answer. Browsers do not show it to a page; other clients do. Default: the status in words
   * @param options `headers` of the answer, such as `WWW-Authenticate` or `Retry-After`
   * @throws GatewayError GW_ARGUMENT for another status, or headers that an answer cannot have
   */
  constructor(status: number, text = '', { headers = {} }: { readonly headers?: ResponseHeaders } = {}) {
    if (!Number.isInteger(status) || status < 400 || status > 599) {
      throw new GatewayError(
        'GW_ARGUMENT',
        `new Refused() was given the status ${String(status)}; expected a whole number from 400 to 599.`,
      );
    }
    super(text);
    this.status = status;
    this.fields = headerFields('new Refused()', headers);
  }
}
