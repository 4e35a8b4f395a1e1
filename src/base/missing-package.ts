import { type ErrorCode, GatewayError } from './errors.js';
import { messageOf } from './error-text.js';

/** A package that is not installed, or cannot be loaded. @param what needs it, and its name @param install what npm installs */
export function missingPackage(code: ErrorCode, what: string, install: string, cause: unknown): GatewayError {
  const { code: reason } = (cause ?? {}) as { code?: unknown };
  const found =
    reason === 'ERR_MODULE_NOT_FOUND' || reason === 'MODULE_NOT_FOUND'
      ? 'which is not installed'
      : `which cannot be loaded (${messageOf(cause)})`;
  return new GatewayError(code, `${what}, ${found}: run npm install ${install}`, { cause });
}
