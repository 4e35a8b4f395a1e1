import { messageOf } from '../base/error-text.js';
import { GatewayError } from '../base/errors.js';

/** A package that is not installed, or cannot be loaded. */
export function missingDriver(what: string, install: string, cause: unknown): GatewayError {
  const code = (cause as { code?: unknown } | null)?.code;
  const found =
    code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND'
      ? 'which is not installed'
      : `which cannot be loaded (${messageOf(cause)})`;
  return new GatewayError('GW_DATABASE', `${what}, ${found}: run npm install ${install}`, { cause });
}
