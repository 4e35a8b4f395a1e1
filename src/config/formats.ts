import { isIPv4, isIPv6 } from 'node:net';
import { isAbsolute } from 'node:path';
import { ROUTERS } from './schema.js';

/*
 * The formats of strings that the schema names. What each expects in words is in schema-node.ts.
 */

/** Characters of a host name, as DNS has it. */
const LONGEST_HOST = 253;
/** Characters of what all subjects begin with: each message carries it. */
const LONGEST_SUBJECT = 64;

/** A router, by its name or as the path of a module. */
export function isRouter(value: string): boolean {
  return isNamedRouter(value) || isAbsolute(value) || /^\.{1,2}\/|\.[cm]?[jt]s$/.test(value);
}

/** Tells the name of a built-in router from the path of a module. */
export function isNamedRouter(value: string): boolean {
  return ROUTERS.some((name) => name === value) || queryRouter(value) !== undefined;
}

/** A router that finds a client's key in its handshake. */
export interface QueryRouter {
  /** The parameter of the query that is the key. */
  readonly parameter: string;
  /** Among whom the key has its owner. */
  readonly scope: 'node' | 'cluster';
}

/** `query:room`, or `query:room@cluster`; undefined for everything else. */
export function queryRouter(value: string): QueryRouter | undefined {
  const [, parameter, scope = 'node'] = /^query:([^\s@&=#?]+)(?:@(node|cluster))?$/.exec(value) ?? [];
  return parameter === undefined ? undefined : { parameter, scope: scope as QueryRouter['scope'] };
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

/** A namespace of Socket.IO, or all of them. */
export function isNamespace(value: string): boolean {
  return value === '*' || /^\/[^,?]*$/.test(value);
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

/** A server of NATS. A user or password in it would be shown wherever it is named. */
export function isNatsServer(value: string): boolean {
  const [, host, port = '4222'] =
    /^(?:nats|tls):\/\/(\[[\da-f:.]+\]|[^:]+)(?::(\d{1,5}))?$/i.exec(value) ?? [];
  if (host === undefined || Number(port) < 1 || Number(port) > 65_535) return false;
  return isHost(host) || isIPv6(host.replace(/^\[(.*)\]$/, '$1'));
}

/** The name of a cell: one word of a subject. */
export function isCell(value: string): boolean {
  return /^[\w-]{1,64}$/.test(value);
}

/** Words of a subject of NATS that means the same to everybody. */
export function isSubject(value: string): boolean {
  return value.length <= LONGEST_SUBJECT && /^[\w-]+(?:\.[\w-]+)*$/.test(value);
}

/** `host:port` of the admin listener, an IPv6 host in brackets; '' for the default. */
export function isAdminListen(value: string): boolean {
  const [, host, port] = /^\[(.+)\]:(\d{1,5})$/.exec(value) ?? [];
  return value === '' || isAddress(value) || (host !== undefined && isIPv6(host) && Number(port) <= 65_535);
}
