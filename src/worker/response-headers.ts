import { describe } from '../api/arguments.js';
import { GatewayError } from '../base/errors.js';
import type { HeaderFields } from '../wire/handshake-answer.js';

/** Headers by name; of several values, each gets a line of its own (`Set-Cookie`). */
export type ResponseHeaders = Readonly<Record<string, string | readonly string[]>>;

/** A token of HTTP (RFC 9110, 5.6.2), and what may be its value without ending its line. */
const NAME = /^[\w!#$%&'*+.^`|~-]+$/;
const VALUE = /^[\t\x20-\x7e]*$/;
/** What says how the answer is framed, and that a websocket follows: the gateway's to write. */
const OURS =
  /^(?:connection|upgrade|content-length|content-type|keep-alive|te|trailer|transfer-encoding|sec-websocket-.*)$/i;

/** Headers as lines of an answer's head. @throws GW_ARGUMENT naming the one that cannot be */
export function headerFields(what: string, headers: unknown): HeaderFields {
  if (typeof headers !== 'object' || headers === null || Array.isArray(headers)) {
    throw refused(what, `${describe(headers)} as headers`, "an object such as { 'Set-Cookie': 'a=b' }");
  }
  return Object.entries(headers as Record<string, unknown>).flatMap(([name, value]) => {
    if (!NAME.test(name))
      throw refused(what, `the header ${JSON.stringify(name)}`, 'a name of letters, digits and -');
    if (OURS.test(name))
      throw refused(what, `the header ${name}`, 'one that the handshake does not have already');
    return (Array.isArray(value) ? value : [value]).map((one: unknown) => {
      if (typeof one === 'string' && VALUE.test(one)) return [name, one] as const;
      throw refused(what, `${describe(one)} as the header ${name}`, 'ASCII text without line ends');
    });
  });
}

function refused(what: string, found: string, expected: string): GatewayError {
  return new GatewayError('GW_ARGUMENT', `${what} was given ${found}; expected ${expected}.`);
}
