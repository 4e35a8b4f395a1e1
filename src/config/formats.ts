import { isIPv4, isIPv6 } from 'node:net';
import { isAbsolute } from 'node:path';
import { ROUTERS } from './schema.js';

/*
 * The formats of strings that the schema names. What each expects in words is in schema-node.ts.
 */

/** Characters of a host name, as DNS has it. */
const LONGEST_HOST = 253;

/** Tells the path of a router module from the name of a built-in router. */
export function isRouter(value: string): boolean {
  return (
    ROUTERS.some((name) => name === value) || isAbsolute(value) || /^\.{1,2}\/|\.[cm]?[jt]s$/.test(value)
  );
}

/** An IPv4 address, or a host name; Docker's may have underscores. */
export function isHost(value: string): boolean {
  if (value.length > LONGEST_HOST) return false;
  return /^[\d.]+$/.test(value) ? isIPv4(value) : /^[a-z\d]([\w.-]*[a-z\d])?$/i.test(value);
}

export function isBind(value: string): boolean {
  return value === '' || isHost(value) || isIPv6(value);
}

/** A token of HTTP (RFC 9110, 5.6.2). */
export function isToken(value: string): boolean {
  return /^[\w!#$%&'*+.^`|~-]+$/.test(value);
}

/** The mode of a file, as `chmod` takes it. */
export function isMode(value: string): boolean {
  return /^0?[0-7]{3}$/.test(value);
}

/** `host:port` */
export function isAddress(value: string): boolean {
  const [, host, port] = /^(.*):(\d{1,5})$/.exec(value) ?? [];
  return host !== undefined && isHost(host) && Number(port) <= 65_535;
}
