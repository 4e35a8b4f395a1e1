import { GatewayError } from '../base/errors.js';
import type { HeaderFields } from '../wire/handshake-answer.js';
import { type ResponseHeaders, headerFields } from './response-headers.js';

/**
 * Thrown by `onHandshake` and `onRequest`: what is asked is refused, and answered with this status and text.
 *
 *     throw new Refused(401, 'Wrong token');
 *
 * Thrown by the handler of a message with a name, to which a word says more than a number: it is answered with an error of
 * this code and text.
 *
 *     throw new Refused('taken', 'Somebody else has this name');
 */
export class Refused extends Error {
  override readonly name = 'Refused';
  /** The HTTP status: 400 to 599. 400 where it was given a word. */
  readonly status: number;
  /** The word that it was given, or the status as text: `taken`, `401`. */
  readonly code: string;
  /** @internal */
  readonly fields: HeaderFields;

  /**
   * @param status 400 to 599, or a word
   * @param text the body of the answer. Browsers do not show it to a page; other clients do. Default: the status in words
   * @param options `headers` of the answer, such as `WWW-Authenticate` or `Retry-After`
   * @throws GatewayError GW_ARGUMENT for another status, or headers that an answer cannot have
   */
  constructor(
    status: number | string,
    text = '',
    { headers = {} }: { readonly headers?: ResponseHeaders } = {},
  ) {
    const isWord = typeof status === 'string' && status !== '';
    if (!isWord && (!Number.isInteger(status) || Number(status) < 400 || Number(status) > 599)) {
      throw new GatewayError(
        'GW_ARGUMENT',
        `new Refused() was given the status ${String(status)}; expected a whole number from 400 to 599, or for a message a word such as 'taken'.`,
      );
    }
    super(text);
    this.status = isWord ? 400 : Number(status);
    this.code = String(status);
    this.fields = headerFields('new Refused()', headers);
  }
}
