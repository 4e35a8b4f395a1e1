import type { Static } from 'typebox';
import { isLoopback } from './cluster-rules.js';
import { isAdminListen } from './formats.js';
import type { Problem } from './problem.js';
import { isRecord } from './record.js';
import type { nodeConfigSchema } from './schema.js';
import { tlsProblems } from './tls-rules.js';

/** That of the admin listener where none is configured. */
export const ADMIN_PORT = 8280;

/** Characters: what nobody can guess. */
const SHORTEST_TOKEN = 16;

/**
 * What JSON Schema cannot say of the admin listener: whoever reaches it must not get in. As in listener-rules.ts, the
 * configuration may be one that the schema has refused.
 */
export function* adminProblems(config: unknown): Generator<Problem> {
  if (!isRecord(config) || !isRecord(config.admin)) return;
  const { listen, token, tls, allowWithoutTls } = config.admin;
  if (isRecord(tls)) yield* tlsProblems(tls, 'admin.tls');
  if (typeof token !== 'string') return;
  // it goes into a header and into a link
  if (token !== '' && !(token.length >= SHORTEST_TOKEN && /^[!-~]+$/.test(token))) {
    yield {
      key: 'admin.token',
      text: `found a hidden value of ${token.length} characters, expected at least ${SHORTEST_TOKEN}, letters, digits and signs without spaces, such as "openssl rand -hex 32" writes`,
    };
  }
  if (typeof listen !== 'string' || !isAdminListen(listen) || !isOpen(listen)) return;
  const missing = [
    ...(token === '' ? ['admin.token, a word of your own'] : []),
    ...(tls === undefined && allowWithoutTls !== true
      ? ['admin.tls, or admin.allowWithoutTls: true where a proxy or your own network does that']
      : []),
  ];
  if (missing.length === 0) return;
  yield {
    key: 'admin.listen',
    text: `found ${JSON.stringify(listen)}, which other machines can reach; expected 127.0.0.1 as its host, or ${missing.join(', and ')}`,
  };
}

/** A port of the node's own is not to be taken from it by an admin listener that would do with any. */
export function avoidOwnPorts({ admin, gateway }: Static<typeof nodeConfigSchema>): void {
  if (!admin || admin.listen !== '' || !gateway) return;
  if (gateway.listen.some(({ url }) => url.endsWith(`:${ADMIN_PORT}`))) admin.listen = '127.0.0.1:0';
}

function isOpen(listen: string): boolean {
  return listen !== '' && !isLoopback(listen.slice(0, listen.lastIndexOf(':')).replace(/^\[(.*)\]$/, '$1'));
}
