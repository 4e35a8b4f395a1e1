import { GatewayError } from '../base/errors.js';
import { MAX_REASON, isCloseCode } from '../wire/close-code.js';

/** What a websocket is told when it is closed. Clients of other protocols are closed without. */
export interface CloseOptions {
  /** 1000 (the default), 1001 to 1003, 1007 to 1014, or one of your own from 3000 to 4999. A script sees it as `event.code`. */
  readonly code?: number;
  /** At most 123 bytes. A script sees it as `event.reason`. */
  readonly reason?: string;
}

/** @returns with both in it. @throws GW_ARGUMENT */
export function checkCloseOptions(call: string, options: CloseOptions): Required<CloseOptions> {
  const { code = 1000, reason = '' } = options;
  if (!isCloseCode(code)) {
    throw refused(call, `${String(code)} as its code`, '1000 to 1003, 1007 to 1014, or 3000 to 4999');
  }
  if (typeof reason !== 'string') throw refused(call, `a ${typeof reason} as its reason`, 'a string');
  const length = Buffer.byteLength(reason);
  if (length > MAX_REASON) {
    throw refused(
      call,
      `a reason of ${length} bytes`,
      `at most ${MAX_REASON}, which is what a close frame holds`,
    );
  }
  return { code, reason };
}

function refused(call: string, found: string, expected: string): GatewayError {
  return new GatewayError('GW_ARGUMENT', `${call} was given ${found}; expected ${expected}.`);
}
