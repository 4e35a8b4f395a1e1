import { adminRequest } from './admin.js';
import { type ArgumentSchema, readArguments, type ValuesOf } from './arguments.js';
import { clientRequest } from './client.js';
import { clientsRequest } from './clients.js';
import { connectionsRequest } from './connections.js';
import { liveRequest } from './live.js';
import { logRequest } from './log.js';
import { metricsRequest } from './metrics.js';
import { mismatch, quote } from './mismatch.js';
import { groupsRequest, uidsRequest } from './names.js';
import { reloadRequest } from './reload.js';
import type { AskedGroup, AskedNode, RequestEntry } from './request-entry.js';
import { restartRequest } from './restart.js';
import { statusRequest } from './status.js';
import { stopRequest } from './stop.js';
import { traceRequest } from './trace.js';

/**
 * Everything that may be asked of a node that runs, by name. Who asks is not known here: the control socket, the
 * admin listener and the members of a group are front ends of this table.
 */
export const requests = {
  status: statusRequest,
  connections: connectionsRequest,
  reload: reloadRequest,
  restart: restartRequest,
  stop: stopRequest,
  admin: adminRequest,
  live: liveRequest,
  clients: clientsRequest,
  groups: groupsRequest,
  uids: uidsRequest,
  client: clientRequest,
  log: logRequest,
  metrics: metricsRequest,
  trace: traceRequest,
};

type Requests = typeof requests;

export type RequestName = keyof Requests;

/** A request, as front ends carry it: its name, and its arguments. */
export type RequestOf<Name extends RequestName> = { readonly command: Name } & ValuesOf<
  Requests[Name]['args']
>;

export type NodeRequest = { [Name in RequestName]: RequestOf<Name> }[RequestName];

export type ResultOf<Name extends RequestName> = Awaited<ReturnType<Requests[Name]['ofGroup']>>;

/** Whoever answers requests: a node, a group of nodes, the process that they run in, or the supervisor while there is none. */
export interface Answerer {
  /** @throws GatewayError */
  answer(request: NodeRequest): Promise<unknown>;
}

/**
 * A request from what somebody sent.
 *
 * @throws GW_CONTROL naming what was found and what was expected
 */
export function readRequest(fields: Readonly<Record<string, unknown>>): NodeRequest {
  const { command } = fields;
  if (typeof command !== 'string' || !Object.hasOwn(requests, command)) {
    throw mismatch(`The command is ${quote(command)}`, namesOf(Object.keys(requests)));
  }
  const { args } = requests[command as RequestName];
  return { command, ...readArguments(args, fields) } as NodeRequest;
}

export async function answerOfNode(node: AskedNode, request: NodeRequest): Promise<unknown> {
  return await entryOf(request).ofNode(node, request);
}

export async function answerOfGroup(group: AskedGroup, request: NodeRequest): Promise<unknown> {
  return await entryOf(request).ofGroup(group, request);
}

/** An entry is given what its own schema has read, which the compiler cannot see. */
function entryOf({ command }: NodeRequest): RequestEntry<object & ArgumentSchema, unknown> {
  return requests[command];
}

function namesOf(names: readonly string[]): string {
  return `${names.slice(0, -1).join(', ')} or ${names[names.length - 1]}`;
}
