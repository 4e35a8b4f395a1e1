import { isNatsServer } from './formats.js';
import type { Problem } from './problem.js';
import { isRecord } from './record.js';
import { pasted } from './tls-rules.js';

/*
 * What JSON Schema cannot say of the backbone: who logs in, in one way only, and how TLS is spoken. What it asks of the
 * gateway's address is in cluster-rules.ts. As in listener-rules.ts, the configuration may be one that the schema has refused.
 */

const KEY = 'cluster.backbone';
/** Ways to log in. Of one that takes two keys, each needs the other. */
const WAYS = [['user', 'password'], ['token'], ['nkey'], ['credentials']] as const;
/** What is long and of these letters is a key of NATS, and never a path. */
const KEY_LETTERS = /^[A-Z2-7]{40,}$/;

export function* backboneProblems(config: unknown): Generator<Problem> {
  if (!isRecord(config) || !isRecord(config.cluster) || !isRecord(config.cluster.backbone)) return;
  const { backbone } = config.cluster;
  yield* loginProblems(backbone);
  yield* tlsProblems(backbone);
  yield* portProblems(config);
}

/** Whether the value of `nkey` is the seed of a user itself, and not the path of a file. */
export function isSeed(nkey: string): boolean {
  return /^SU[A-Z2-7]{56}$/.test(nkey);
}

function* loginProblems(backbone: Record<string, unknown>): Generator<Problem> {
  const found = WAYS.filter((way) => way.some((key) => backbone[key] !== undefined));
  if (found.length > 1) {
    const keys = found.map((way) => way.filter((key) => backbone[key] !== undefined).join(' and '));
    yield {
      key: KEY,
      text: `found ${keys.join(', ')}, which are ${found.length} ways to log in; expected one of them`,
    };
  }
  const { user, password, nkey, credentials } = backbone;
  if ((user === undefined) !== (password === undefined)) {
    const [missing, there] = user === undefined ? ['user', 'password'] : ['password', 'user'];
    yield { key: `${KEY}.${missing}`, text: `missing, expected a string: there is a ${there}` };
  }
  if (typeof nkey === 'string' && (isKeyText(nkey) || (KEY_LETTERS.test(nkey) && !isSeed(nkey)))) {
    yield {
      key: `${KEY}.nkey`,
      text: 'found a key that is no seed of a user, expected SU and 56 letters and digits behind it, or the path of a file that has them',
    };
  }
  if (typeof credentials === 'string' && isKeyText(credentials)) {
    yield {
      key: `${KEY}.credentials`,
      text: 'found the text of credentials, expected the path of a file that has it',
    };
  }
}

function* tlsProblems(backbone: Record<string, unknown>): Generator<Problem> {
  const { tls } = backbone;
  const servers = natsServers(backbone);
  const plain = servers.find((server) => !/^tls:/i.test(server));
  const safe = servers.find((server) => /^tls:/i.test(server));
  if (plain !== undefined && safe !== undefined) {
    yield {
      key: `${KEY}.servers`,
      text: `found ${plain} and ${safe}, expected all with tls:// or all with nats://: they are servers of one NATS`,
    };
  }
  if (!isRecord(tls)) return;
  yield* pasted(tls, `${KEY}.tls`);
  if ((tls.cert === undefined) !== (tls.key === undefined)) {
    const [missing, there] = tls.cert === undefined ? ['cert', 'key'] : ['key', 'cert'];
    yield {
      key: `${KEY}.tls.${missing}`,
      text: `missing, expected a file: there is a ${there}, and one is of no use without the other`,
    };
  }
}

/** Where there is no Register, no inner port is opened, and the gateway's address is nothing but a part of client ids. */
function* portProblems({ gateway, register, cluster }: Record<string, unknown>): Generator<Problem> {
  const registers =
    isRecord(cluster) && Array.isArray(cluster.registerAddress) ? cluster.registerAddress : [];
  if (!isRecord(gateway) || gateway.lanPort !== 0 || register !== false || registers.length > 0) return;
  yield {
    key: 'gateway.lanPort',
    text: `found 0 with ${KEY} and without a Register; expected a number: no port is opened, and lanIp and lanPort tell this gateway from those of other cells`,
  };
}

/** The servers of a backbone that are urls. */
export function natsServers(backbone: unknown): string[] {
  if (!isRecord(backbone) || !Array.isArray(backbone.servers)) return [];
  return backbone.servers.filter((url) => typeof url === 'string' && isNatsServer(url));
}

/** The host in a server's url, without the brackets of IPv6. */
export function natsHost(url: string): string {
  return url
    .replace(/^\w+:\/\//, '')
    .replace(/:\d+$/, '')
    .replace(/^\[(.*)\]$/, '$1');
}

/** Keys and credentials as files have them, between lines of hyphens. */
function isKeyText(text: string): boolean {
  return text.includes('-----BEGIN');
}
