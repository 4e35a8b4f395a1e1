import { GatewayError } from '../base/errors.js';
import { type PhpDecoded, formatFloat, isList } from './php-value.js';

/**
 * A value as PHP's `json_encode($value, JSON_UNESCAPED_UNICODE)` writes it, byte for byte: `/` as `\/`, a float without
 * digits after the point as an int, an array with the keys 0 to n-1 in order as a list.
 *
 * @throws GW_SERIALIZE for what JSON cannot hold: bytes that are no UTF-8, NAN and INF
 */
export function phpJson(value: PhpDecoded): string {
  switch (typeof value) {
    case 'string':
      return quoted(value);
    case 'number':
      return numeral(value);
    case 'bigint':
    case 'boolean':
      return String(value);
    default:
      if (value === null) return 'null';
      if (Buffer.isBuffer(value)) throw notJson(`a string of ${value.length} bytes that are not valid UTF-8`);
      if (isList(value)) return `[${Array.from(value.values(), phpJson).join()}]`;
      return `{${Array.from(value, ([key, item]) => `${quoted(String(key))}:${phpJson(item)}`).join()}}`;
  }
}

function numeral(value: number): string {
  if (!Number.isFinite(value)) throw notJson(`the number ${value}`);
  return formatFloat(value).toLowerCase();
}

/** PHP escapes the slash, and the two line ends that JavaScript once did not allow in a string. */
function quoted(text: string): string {
  return JSON.stringify(text).replace(/[/\u2028\u2029]/g, (character) =>
    character === '/' ? String.raw`\/` : String.raw`\u${character.charCodeAt(0).toString(16)}`,
  );
}

function notJson(found: string): GatewayError {
  return new GatewayError(
    'GW_SERIALIZE',
    `A message that is not text holds ${found}, which no JSON can hold; send a string that the PHP side has encoded itself.`,
  );
}
