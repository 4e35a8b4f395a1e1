/// <reference lib="esnext.disposable" preserve="true" />
import { keepAliveClock } from '../base/clock.js';
import { GatewayError } from '../base/errors.js';
import { readInnerTls } from '../net/inner-socket.js';
import { BackboneMember } from './backbone-member.js';
import type { GatewayClientBackbone } from './backbone-options.js';
import { ClusterCalls } from './cluster-calls.js';
import { Discovery } from './discovery.js';
import { WholeSource } from './whole-source.js';

export interface GatewayClientOptions {
  /**
   * `host:port` of a Register, or of each: `cluster.registerAddress` of the nodes. One that answers is enough. With a
   * `backbone` it may be left out: then everything goes by that.
   */
  readonly registerAddress?: string | readonly string[];
  /** By which the clients of other cells are reached: `cluster.backbone` of the nodes. */
  readonly backbone?: GatewayClientBackbone;
  /** The word that the cluster shares: `cluster.secretKey`. */
  readonly secretKey?: string;
  /** PEM files, as `cluster.tls`: what this process shows, and who has to have signed what the nodes show. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly ca: string };
  /** Milliseconds for a Register and the backbone to answer, for a gateway to take a connection, and for the last answers in `close`. Default 5000. */
  readonly timeout?: number;
}

/**
 * The Gateway API for any other process: a web site, a cron job. Every call of GatewayWorker's GatewayClient, to a cluster of
 * ours or of PHP's, over one connection to each gateway.
 *
 * It connects when it is first used; `await connect()` says at once whether it can. It keeps the process alive until it is
 * closed, as a database's client does: `await client.close()`, or `await using client = new GatewayClient(…)`.
 *
 * A send returns before it is known whether it arrives: what was lost on the way, with a gateway that died, is thrown by the
 * next `drained` or `close`. Everything else is thrown by the call that it is about.
 */
export class GatewayClient extends ClusterCalls {
  readonly #member: BackboneMember | undefined;

  /** @throws GW_ARGUMENT for options that cannot be used, GW_CLUSTER for a PEM file that cannot be read */
  constructor(options: GatewayClientOptions) {
    const { backbone, secretKey = '', tls, timeout = 5000 } = checkOptions(options);
    const connection = { secretKey, tls: tls && readInnerTls(tls), timeout };
    const registers = checkAddresses(options);
    const member =
      backbone &&
      new BackboneMember({ backbone, inMesh: registers.length > 0, timeout, clock: keepAliveClock });
    super({
      ...connection,
      cells: member,
      source: (onGateways) =>
        member === undefined
          ? new Discovery({ ...connection, registers, onGateways })
          : new WholeSource(member, { ...connection, registers, onGateways }),
    });
    this.#member = member;
  }

  /** @throws what was lost on the way */
  override async drained(): Promise<void> {
    await super.drained();
    this.#member?.throwLost();
  }

  /** {@link close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

const OPTIONS: readonly string[] = [
  'registerAddress',
  'secretKey',
  'tls',
  'backbone',
  'timeout',
] satisfies (keyof GatewayClientOptions)[];

/** What a caller without types can get wrong. */
function checkOptions(options: GatewayClientOptions): GatewayClientOptions {
  if (typeof options !== 'object' || options === null) {
    throw refused('was given no options', '{ registerAddress: "127.0.0.1:1236", … }');
  }
  const unknown = Object.keys(options).find((key) => !OPTIONS.includes(key));
  if (unknown !== undefined) throw refused(`has no option ${unknown}`, OPTIONS.join(', '));
  const { secretKey, timeout } = options;
  if (secretKey !== undefined && typeof secretKey !== 'string') {
    throw refused(`was given a secretKey of type ${typeof secretKey}`, 'a string');
  }
  if (timeout !== undefined && !(typeof timeout === 'number' && timeout > 0)) {
    throw refused(`was given ${JSON.stringify(timeout)} as its timeout`, 'milliseconds above 0');
  }
  const { backbone } = options;
  if (backbone !== undefined && (typeof backbone !== 'object' || backbone === null)) {
    throw refused(
      `was given ${JSON.stringify(backbone)} as its backbone`,
      'what nodes have in cluster.backbone: { servers: ["nats://127.0.0.1:4222"], name: "eu-1" }',
    );
  }
  return options;
}

function checkAddresses({ registerAddress, backbone }: GatewayClientOptions): readonly string[] {
  const addresses = typeof registerAddress === 'string' ? [registerAddress] : (registerAddress ?? []);
  for (const address of addresses) {
    if (typeof address === 'string' && /^[^:]+:\d{1,5}$/.test(address)) continue;
    throw refused(
      `was given ${JSON.stringify(address)} as a registerAddress`,
      'host:port, such as 127.0.0.1:1236',
    );
  }
  if (addresses.length > 0 || backbone !== undefined) return addresses;
  throw refused('was given no registerAddress', 'host:port of at least one Register, such as 127.0.0.1:1236');
}

function refused(found: string, expected: string): GatewayError {
  return new GatewayError('GW_ARGUMENT', `GatewayClient ${found}; expected ${expected}.`);
}
