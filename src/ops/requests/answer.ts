import { messageOf } from '../../base/error-text.js';
import { type ErrorCode, GatewayError } from '../../base/errors.js';

/** An answer as JSON. */
export type Answer =
  | { readonly ok: true; readonly result: unknown }
  | { readonly ok: false; readonly error: { readonly code: ErrorCode; readonly message: string } };

export function failure(error: unknown): Answer {
  // one of ours says why in its message already
  if (error instanceof GatewayError)
    return { ok: false, error: { code: error.code, message: error.message } };
  return { ok: false, error: { code: 'GW_CONTROL', message: messageOf(error) } };
}
