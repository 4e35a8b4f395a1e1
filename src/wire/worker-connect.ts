import { GatewayError } from '../base/errors.js';

/*
 * How a peer says who it is on a gateway's inner port, as the JSON body of its first frame:
 *
 *   WORKER_CONNECT          {"worker_key":"…","secret_key":"…"}                            a PHP BusinessWorker
 *   GATEWAY_CLIENT_CONNECT  {"worker_key":"…","secret_key":"…","features":["node/1",…],"instance":"…"}   one of our worker slots
 *   GATEWAY_CLIENT_CONNECT  {"secret_key":"…"}                                             a GatewayClient, ours or PHP's
 *
 * Our gateway answers whoever offers features with a WORKER_CONNECT of its own, {"features":[…],"node":"…"}, before any event;
 * or, when another node has the same name, {…,"refusal":"…"}, and hangs up. A PHP gateway answers nothing, and takes the slot
 * for a GatewayClient, which it is until it is ready: with WORKER_CONNECT, clients would be routed to it at once. Frames and
 * flags of ours are used only between two that agreed on the feature.
 */

/** The feature by which our nodes know each other: everything that Command and Flag mark as ours. */
export const NODE_FEATURE = 'node/1';

/** The feature of a worker that is told when a client sends no more, and says when it has handled all of it. */
export const ENDED_FEATURE = 'ended/1';

/** The feature of workers that can be a key's owner, and of gateways that send clients there. */
export const ROUTE_FEATURE = 'route/1';

/** The feature of gateways that say which uids and groups they have clients of, and of workers that may ask (interest.ts). */
export const INTEREST_FEATURE = 'interest/1';

/** Who a worker is, or a GatewayClient, which has no key. */
export interface PeerIntroduction {
  /** Tells the workers of one address apart: `node:slot`. Empty for a GatewayClient. */
  readonly workerKey: string;
  readonly secretKey: string;
  readonly features: readonly string[];
  /** Tells a node that has come again from another one with the same name. Empty for PHP peers. */
  readonly instance: string;
}

/** The body of WORKER_CONNECT or GATEWAY_CLIENT_CONNECT, with the keys that a PHP peer would send, in its order. */
export function encodeIntroduction({ workerKey, secretKey, features, instance }: PeerIntroduction): string {
  return JSON.stringify({
    worker_key: workerKey === '' ? undefined : workerKey,
    secret_key: secretKey,
    features: features.length === 0 ? undefined : features,
    instance: instance === '' ? undefined : instance,
  });
}

/** @throws GW_FRAME when the body is no such JSON; its message never quotes the body, which may hold the key */
export function parseIntroduction(body: string): PeerIntroduction {
  const { worker_key: workerKey, secret_key: secretKey, features, instance } = parseBody(body);
  return {
    workerKey: string(workerKey),
    secretKey: string(secretKey),
    features: strings(features),
    instance: string(instance),
  };
}

/** What our gateway answers. */
export interface GatewayIntroduction {
  readonly features: readonly string[];
  /** The gateway's node name. */
  readonly node: string;
  /** Why the worker may not come; undefined when it may. */
  readonly refusal?: string | undefined;
}

/** The body of the answer. */
export function encodeGatewayIntroduction({ features, node, refusal }: GatewayIntroduction): string {
  return JSON.stringify({ features, node, refusal });
}

/** @throws GW_FRAME when the body is no such JSON */
export function parseGatewayIntroduction(body: string): GatewayIntroduction {
  const { features, node, refusal } = parseBody(body);
  return {
    features: strings(features),
    node: string(node),
    refusal: typeof refusal === 'string' ? refusal : undefined,
  };
}

function parseBody(body: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    // V8's message quotes the text, and so perhaps the secret key
    value = undefined;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new GatewayError(
      'GW_FRAME',
      `A peer introduced itself with ${Buffer.byteLength(body)} bytes that are no JSON object; expected {"worker_key":"…","secret_key":"…"}.`,
    );
  }
  return value as Record<string, unknown>;
}

function string(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}
