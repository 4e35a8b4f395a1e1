/** Bytes that a close frame has for its reason (RFC 6455, 5.5). */
export const MAX_REASON = 123;

/** Whether a websocket's close frame may carry the code (RFC 6455, 7.4, and what was registered since). */
export function isCloseCode(code: unknown): boolean {
  if (typeof code !== 'number' || !Number.isInteger(code)) return false;
  if (code >= 3000) return code <= 4999;
  return code >= 1000 && code <= 1014 && code !== 1004 && code !== 1005 && code !== 1006;
}
