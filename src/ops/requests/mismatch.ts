import { GatewayError } from '../../base/errors.js';

/** Longest piece of what was found that an error quotes. */
const QUOTED = 40;

export function mismatch(found: string, expected: string): GatewayError {
  return new GatewayError('GW_CONTROL', `${found}: expected ${expected}.`);
}

export function quote(value: unknown): string {
  const text = JSON.stringify(value) ?? 'missing';
  return text.length > QUOTED ? `${text.slice(0, QUOTED)}…` : text;
}
