import type { Clock } from '../base/clock.js';
import type { Logger } from '../base/log.js';
import type { ArgumentSchema } from '../ops/requests/arguments.js';
import { readRequest, type Answerer, type RequestName, requests } from '../ops/requests/requests.js';
import type { Retries } from './retries.js';
import type { ClusterCalls } from '../client/cluster-calls.js';
import type { Exchange } from './exchange.js';
import type { Guard } from './guard.js';
import { Refusal } from './refusal.js';
import { GatewayError } from '../base/errors.js';

/** Whom the admin listener asks: the process of a node, or of a group. */
export interface AdminNode extends Answerer {
  /** `starting` until it is up; `stopping` from the first request to stop on. */
  readonly phase: 'starting' | 'up' | 'stopping';
}

/** What a route's handler is given beside the exchange. */
export interface AdminContext {
  readonly node: AdminNode;
  readonly guard: Guard;
  readonly retries: Retries;
  readonly readOnly: boolean;
  /** Of this package. */
  readonly version: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** The Gateway API. @throws GatewayError when the node is not up */
  readonly calls: () => Promise<ClusterCalls>;
}

/** A path of the admin listener, and what is done there. */
export interface Route {
  readonly method: 'GET' | 'POST';
  /** The whole path; one that ends in `/*` stands for all with one more name. */
  readonly path: string;
  /** What it is for, for openapi.json; what is nothing for programs is left out there. */
  readonly summary?: string;
  /** What it may be given: in the query of a GET, else as JSON. */
  readonly args?: ArgumentSchema;
  /** Whether everybody may ask, without a token and under any host name: what says nothing of anybody. */
  readonly open?: boolean;
  /** Whether it changes something: refused with `admin.readOnly`. */
  readonly changes?: boolean;
  /** Answers the exchange, or throws. */
  readonly handle: (exchange: Exchange, context: AdminContext) => Promise<void> | void;
}

/** `{"result":…}` */
export function sendResult(
  exchange: Exchange,
  result: unknown,
  headers?: Readonly<Record<string, string>>,
): void {
  exchange.sendJson(200, { result }, headers);
}

/**
 * A path that asks what the table of requests has (ops/requests/requests.ts): with a GET its arguments are the query, with a
 * POST the body, which has room for the longest uids.
 */
export function routeOf(
  command: RequestName,
  summary: string,
  method: Route['method'] = requests[command].changes ? 'POST' : 'GET',
): Route {
  const { changes, args } = requests[command];
  return {
    summary,
    args,
    method,
    path: `/api/${command}`,
    changes,
    async handle(exchange, { node }) {
      const fields = method === 'POST' ? await exchange.json() : queryFields(command, exchange.query);
      sendResult(exchange, await node.answer(read({ ...Object(fields), command })));
    },
  };
}

function read(fields: Readonly<Record<string, unknown>>): ReturnType<typeof readRequest> {
  try {
    return readRequest(fields);
  } catch (error) {
    const { code, message } = error as GatewayError;
    throw new Refusal(400, message, { code });
  }
}

/** What is no number or flag stays text, and is refused as such. */
function queryFields(command: RequestName, query: URLSearchParams): Record<string, unknown> {
  const args: Readonly<Record<string, { readonly type: string }>> = requests[command].args;
  return Object.fromEntries(
    Array.from(query, ([name, text]) => {
      const type = Object.hasOwn(args, name) ? args[name].type : '';
      if (type === 'integer' && /^\d+$/.test(text)) return [name, Number(text)];
      if (type === 'flag' && /^(?:true|false)?$/.test(text)) return [name, text !== 'false'];
      return [name, text];
    }),
  );
}
