import { natsHost, natsServers } from './backbone-rules.js';
import { isAddress, isAdminListen, isBind, isHost } from './formats.js';
import type { Problem } from './problem.js';
import { isRecord } from './record.js';
import { LISTEN_SCHEMES, SCHEMES } from './schemes.js';

/*
 * What JSON Schema cannot say of the roles and of the cluster: what other machines can reach is protected, and what they are
 * told is of use to them. As in listener-rules.ts, the configuration may be one that the schema has refused.
 */

/** The keys that the rules are about. */
interface Facts {
  /** Whether the node plays the role. */
  readonly gateway: boolean;
  readonly worker: boolean;
  readonly register: boolean;
  /** `undefined` where the role is not played, or the schema has already refused the value. */
  readonly lanIp: string | undefined;
  readonly innerListen: string | undefined;
  readonly registerListen: string | undefined;
  readonly registerAddress: ReadonlyArray<string | undefined>;
  /** Those of the backbone that are urls. */
  readonly servers: readonly string[];
  /** Whether strangers are kept out, or expressly not. */
  readonly guarded: boolean;
}

const ANY_ADDRESS = '0.0.0.0';

export function clusterProblems(config: unknown): Problem[] {
  if (!isRecord(config)) return [];
  const facts = factsOf(config);
  return [
    ...roleProblems(facts),
    ...addressProblems(facts),
    ...openProblems(facts),
    ...portProblems(config, facts),
  ];
}

/** Whether only this machine can reach the address. A name other than localhost counts as one that others can reach. */
export function isLoopback(host: string): boolean {
  return /^127(?:\.\d+){3}$|^localhost$|^::1$/i.test(host);
}

function* roleProblems({ gateway, worker, register, registerAddress }: Facts): Generator<Problem> {
  if (!gateway && !worker && !register) {
    yield {
      key: 'register',
      text: 'found false, as are gateway and worker, which leaves this node nothing to do; expected at least one of the three roles',
    };
  } else if (gateway !== worker && !register && registerAddress.length === 0) {
    const [role, other] = gateway ? ['gateway', 'workers'] : ['worker', 'gateways'];
    yield {
      key: 'cluster.registerAddress',
      text: `found no address, and register is false: this node has the ${role} role alone and finds no ${other}; expected the address of a Register, or register on this node`,
    };
  }
}

function* addressProblems(facts: Facts): Generator<Problem> {
  const { registerAddress } = facts;
  for (const [index, address] of registerAddress.entries()) {
    if (hostOf(address) !== ANY_ADDRESS && address?.endsWith(':0') !== true) continue;
    yield {
      key: `cluster.registerAddress[${index}]`,
      text: `found "${address}", expected the address that the Register is reached at, such as 10.0.0.1:1236`,
    };
  }
  const text = lanIpProblem(facts);
  if (text !== undefined) yield { key: 'gateway.lanIp', text };
}

/** It is told to other nodes, and to the cells of a backbone as a part of client ids. */
function lanIpProblem(facts: Facts): string | undefined {
  const { lanIp, registerListen, registerAddress, servers } = facts;
  const inner = innerPort(facts);
  if (lanIp === ANY_ADDRESS && inner) {
    return `found "${ANY_ADDRESS}", expected the address that other nodes reach this one at: it is announced to them. To bind the inner port to every address, set gateway.innerListen`;
  }
  const unique = 'expected an address that no gateway of another cell has: it is part of every client id';
  if (lanIp === ANY_ADDRESS && servers.length > 0) return `found "${ANY_ADDRESS}", ${unique}`;
  if (lanIp === undefined || !isLoopback(lanIp)) return undefined;
  const far = registerAddress.find((address) => isOpen(hostOf(address)));
  if (inner && (far !== undefined || isOpen(hostOf(registerListen)))) {
    const where =
      far === undefined ? `register.listen is ${registerListen}` : `cluster.registerAddress has ${far}`;
    return `found "${lanIp}" while ${where}: workers on other machines would be sent to themselves; expected the address that they reach this gateway at`;
  }
  const server = servers.find((url) => isOpen(natsHost(url)));
  return server && `found "${lanIp}" while cluster.backbone.servers has ${server}; ${unique}`;
}

function* openProblems(facts: Facts): Generator<Problem> {
  const { lanIp, innerListen, registerListen, guarded } = facts;
  if (guarded) return;
  const places: string[] = [];
  if (innerPort(facts)) {
    const [key, host] = innerListen === '' ? ['lanIp', lanIp] : ['innerListen', innerListen];
    if (isOpen(host)) places.push(`gateway.${key} is ${host}`);
  }
  if (isOpen(hostOf(registerListen))) places.push(`register.listen is ${registerListen}`);
  if (places.length === 0) return;
  yield {
    key: 'cluster.secretKey',
    text: `empty, while ${places.join(' and ')}, which other machines can reach; expected a word that every node, worker and GatewayClient shares, or cluster.allowWithoutSecretKey: true where a firewall keeps strangers out`,
  };
}

interface OwnPort {
  readonly key: string;
  readonly host: string;
  readonly port: number;
}

/** Two ports of this node that are one. Those of `gateway.listen` among each other are for listener-rules.ts. */
function* portProblems({ gateway, admin }: Record<string, unknown>, facts: Facts): Generator<Problem> {
  const taken =
    isRecord(gateway) && Array.isArray(gateway.listen) ? gateway.listen.flatMap(listenerPlace) : [];
  const own: OwnPort[] = [];
  if (isRecord(gateway) && typeof gateway.lanPort === 'number' && innerPort(facts)) {
    const host = (facts.innerListen === '' ? facts.lanIp : facts.innerListen) ?? '';
    own.push({ key: 'gateway.lanPort', host, port: gateway.lanPort });
  }
  const [host, port] = [hostOf(facts.registerListen), Number(facts.registerListen?.split(':').at(-1))];
  if (host !== undefined) own.push({ key: 'register.listen', host, port });
  const listen = setting(admin, 'listen', isAdminListen) ?? '';
  if (listen !== '') {
    own.push({ key: 'admin.listen', host: hostOf(listen) ?? '', port: Number(listen.split(':').at(-1)) });
  }
  for (const place of own) {
    const other = taken.find((one) => collide(one, place));
    if (other === undefined) taken.push(place);
    else {
      const text = `found port ${place.port}, expected one of its own: ${other.key} has the same`;
      yield { key: place.key, text };
    }
  }
}

function listenerPlace(listener: unknown, index: number): OwnPort[] {
  const url = isRecord(listener) && typeof listener.url === 'string' ? listener.url : '';
  const [, word, host, port] = /^([a-z]+):\/\/(.*):(\d{1,5})$/.exec(url) ?? [];
  const scheme = LISTEN_SCHEMES.find((known) => known === word);
  if (host === undefined || (scheme && SCHEMES[scheme].transport === 'udp')) return [];
  return [{ key: `gateway.listen[${index}].url`, host, port: Number(port) }];
}

function collide(one: OwnPort, other: OwnPort): boolean {
  const everywhere = [one.host, other.host].some((host) => host === ANY_ADDRESS || host === '[::]');
  return one.port === other.port && one.port !== 0 && (everywhere || one.host === other.host);
}

/** A gateway that no Register hears of is of use to its own workers only, and opens no inner port. */
function innerPort({ register, registerAddress }: Facts): boolean {
  return register || registerAddress.length > 0;
}

function factsOf({ gateway, worker, register, cluster }: Record<string, unknown>): Facts {
  const trust = isRecord(cluster) ? cluster : {};
  const addresses = Array.isArray(trust.registerAddress) ? trust.registerAddress : [];
  return {
    gateway: gateway !== false,
    worker: worker !== false,
    register: register !== false,
    lanIp: setting(gateway, 'lanIp', isHost),
    innerListen: setting(gateway, 'innerListen', isBind),
    registerListen: setting(register, 'listen', isAddress),
    registerAddress: addresses.map((address) => valid(address, isAddress)),
    servers: natsServers(trust.backbone),
    guarded: trust.secretKey !== '' || trust.allowWithoutSecretKey === true,
  };
}

function setting(role: unknown, key: string, isValid: (value: string) => boolean): string | undefined {
  return isRecord(role) ? valid(role[key], isValid) : undefined;
}

function valid(value: unknown, isValid: (value: string) => boolean): string | undefined {
  return typeof value === 'string' && isValid(value) ? value : undefined;
}

function isOpen(host: string | undefined): boolean {
  return host !== undefined && !isLoopback(host);
}

function hostOf(address: string | undefined): string | undefined {
  return address?.slice(0, address.lastIndexOf(':'));
}
