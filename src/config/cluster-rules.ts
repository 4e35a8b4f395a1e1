import type { Problem } from './problem.js';
import { isRecord } from './record.js';

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
  readonly lanIp: string;
  readonly innerListen: string;
  readonly registerListen: string;
  readonly registerAddress: readonly string[];
  /** Whether strangers are kept out, or expressly not. */
  readonly guarded: boolean;
}

export function clusterProblems(config: unknown): Problem[] {
  if (!isRecord(config)) return [];
  const facts = factsOf(config);
  return [...roleProblems(facts), ...addressProblems(facts), ...openProblems(facts)];
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
  const { gateway, register, lanIp, registerListen, registerAddress } = facts;
  for (const [index, address] of registerAddress.entries()) {
    if (hostOf(address) !== ANY_ADDRESS && !address.endsWith(':0')) continue;
    yield {
      key: `cluster.registerAddress[${index}]`,
      text: `found "${address}", expected the address that the Register is reached at, such as 10.0.0.1:1236`,
    };
  }
  if (!gateway || !innerPort(facts)) return;
  if (lanIp === ANY_ADDRESS) {
    yield {
      key: 'gateway.lanIp',
      text: `found "${ANY_ADDRESS}", expected the address that other nodes reach this one at: it is announced to them. To bind the inner port to every address, set gateway.innerListen`,
    };
  }
  const far = registerAddress.find((address) => !isLoopback(hostOf(address)));
  const open = register && !isLoopback(hostOf(registerListen)) ? registerListen : undefined;
  if (isLoopback(lanIp) && (far ?? open) !== undefined) {
    const where = far === undefined ? `register.listen is ${open}` : `cluster.registerAddress has ${far}`;
    yield {
      key: 'gateway.lanIp',
      text: `found "${lanIp}" while ${where}: workers on other machines would be sent to themselves; expected the address that they reach this gateway at`,
    };
  }
}

function* openProblems(facts: Facts): Generator<Problem> {
  const { gateway, register, lanIp, innerListen, registerListen, guarded } = facts;
  if (guarded) return;
  const places: string[] = [];
  if (gateway && innerPort(facts)) {
    const [key, host] = innerListen === '' ? ['lanIp', lanIp] : ['innerListen', innerListen];
    if (!isLoopback(host)) places.push(`gateway.${key} is ${host}`);
  }
  if (register && !isLoopback(hostOf(registerListen))) places.push(`register.listen is ${registerListen}`);
  if (places.length === 0) return;
  yield {
    key: 'cluster.secretKey',
    text: `empty, while ${places.join(' and ')}, which other machines can reach; expected a word that every node, worker and GatewayClient shares, or cluster.allowWithoutSecretKey: true where a firewall keeps strangers out`,
  };
}

/** A gateway that no Register hears of is of use to its own workers only, and opens no inner port. */
function innerPort({ register, registerAddress }: Facts): boolean {
  return register || registerAddress.length > 0;
}

function factsOf({ gateway, worker, register, cluster }: Record<string, unknown>): Facts {
  const trust = isRecord(cluster) ? cluster : {};
  return {
    gateway: gateway !== false,
    worker: worker !== false,
    register: register !== false,
    lanIp: text(gateway, 'lanIp'),
    innerListen: text(gateway, 'innerListen'),
    registerListen: text(register, 'listen'),
    registerAddress: Array.isArray(trust.registerAddress) ? trust.registerAddress.filter(isText) : [],
    guarded: trust.secretKey !== '' || trust.allowWithoutSecretKey === true,
  };
}

function text(role: unknown, key: string): string {
  const value = isRecord(role) ? role[key] : undefined;
  // what is no text is refused by the schema, and suits every rule here
  return isText(value) ? value : 'localhost';
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function hostOf(address: string): string {
  return address.slice(0, Math.max(0, address.lastIndexOf(':')));
}

const ANY_ADDRESS = '0.0.0.0';
