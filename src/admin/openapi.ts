import { Type, type TSchema } from '#typebox';
import { ERROR_CODES } from '../base/errors.js';
import type { Argument } from '../ops/requests/arguments.js';
import { batchSchema } from './calls/batch.js';
import { type Call } from './calls/call.js';
import { calls } from './calls/calls.js';
import type { Route } from './route.js';

/*
 * openapi.json, version 3.1: the calls as their own schemas have them, and the other paths as the table of routes names them.
 */

const ERROR = Type.Object(
  {
    error: Type.Object({ code: Type.Enum(Object.keys(ERROR_CODES)), message: Type.String() }),
    partial: Type.Optional(
      Type.Unknown({ description: 'With GW_TIMEOUT: what the gateways say that did answer.' }),
    ),
    missing: Type.Optional(
      Type.Array(Type.String(), { description: 'With GW_TIMEOUT: the gateways that did not, host:port.' }),
    ),
  },
  { description: 'What was found, what was expected, and what to do.' },
);

/** What may go wrong, by status. */
const PROBLEMS: Readonly<Record<string, string>> = {
  400: 'The body or an argument is wrong: nothing was done.',
  401: 'The token is missing or wrong.',
  403: 'It changes something, and admin.readOnly is true; or a page of another host asks.',
  413: 'The body is too large.',
  422: 'The Idempotency-Key came before, with another request.',
  503: 'The node is not up, or a gateway cannot be reached, or more waits than the buffer takes. Try again.',
  504: 'A gateway did not answer within 5 s; `partial` is what the others say.',
};

const IDEMPOTENCY_KEY = {
  name: 'Idempotency-Key',
  in: 'header',
  schema: { type: 'string', minLength: 1, maxLength: 255 },
  description:
    'Any word that no other request has. The same request with the same key is done once, and answered again, for 24 hours.',
};

/** @param version of this package */
export function openApi(routes: readonly Route[], version: string): object {
  const paths: Record<string, object> = {
    ...Object.fromEntries(routes.filter(isDescribed).map((route) => [route.path, pathOf(route)])),
    '/api/batch': { post: batchOperation() },
    ...Object.fromEntries(
      Object.entries(calls).map(([name, call]) => [`/api/${name}`, { post: callOperation(name, call) }]),
    ),
  };
  return {
    openapi: '3.1.0',
    info: {
      title: 'gatewayworker',
      version,
      description: 'The Gateway API and the state of a node, a group of nodes or a cluster, over HTTP.',
    },
    servers: [{ url: '/' }],
    security: [{ token: [] }],
    tags: [
      { name: 'send', description: 'Calls that send or change something.' },
      { name: 'query', description: 'Calls that ask.' },
      { name: 'node', description: 'The node itself.' },
    ],
    paths,
    components: {
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: '`gatewayworker admin` tells the token.' },
      },
      parameters: { IdempotencyKey: IDEMPOTENCY_KEY },
      schemas: { Error: ERROR },
      responses: Object.fromEntries(
        Object.entries(PROBLEMS).map(([status, description]) => [
          `Problem${status}`,
          { description, content: json({ $ref: '#/components/schemas/Error' }) },
        ]),
      ),
    },
  };
}

function callOperation(name: string, { kind, summary, args, result }: Call): object {
  const changes = kind === 'send';
  return {
    operationId: name,
    tags: [kind],
    summary,
    ...(changes && { parameters: [{ $ref: '#/components/parameters/IdempotencyKey' }] }),
    requestBody: { required: Object.keys(args.properties).length > 0, content: json(args) },
    responses: responses(result, changes ? [400, 401, 403, 413, 422, 503] : [400, 401, 403, 413, 503, 504]),
  };
}

function batchOperation(): object {
  const results = Type.Array(Type.Object({ result: Type.Optional(Type.Unknown()) }), {
    description: 'Of each call, in their order: `result`, or `error` as of the call alone.',
  });
  return {
    operationId: 'batch',
    tags: ['send'],
    summary: 'Makes one call after another; none when one of them is wrong in itself.',
    parameters: [{ $ref: '#/components/parameters/IdempotencyKey' }],
    requestBody: { required: true, content: json(batchSchema) },
    responses: responses(results, [400, 401, 403, 413, 422, 503]),
  };
}

type DescribedRoute = Route & { readonly summary: string };

function isDescribed(route: Route): route is DescribedRoute {
  return route.summary !== undefined;
}

function pathOf({ method, path, summary, open = false, args = {} }: DescribedRoute): object {
  const properties = Object.fromEntries(
    Object.entries(args).map(([name, argument]) => [name, Type.Optional(schemaOf(argument))]),
  );
  const given =
    method === 'GET'
      ? {
          parameters: Object.entries(properties).map(([name, schema]) => ({ name, in: 'query', schema })),
        }
      : { requestBody: { required: false, content: json(Type.Object(properties)) } };
  const operation = {
    operationId: path.split('/').at(-1),
    tags: ['node'],
    summary,
    ...given,
    ...(open && { security: [] }),
    responses: open
      ? { 200: { description: 'Yes.' }, 503: { description: 'No, with the reasons.' } }
      : responses(Type.Unknown(), [400, 401, 403, 503]),
  };
  return { [method.toLowerCase()]: operation };
}

function schemaOf(argument: Argument): TSchema {
  if (argument.type === 'flag') return Type.Boolean({ default: false });
  if (argument.type === 'text') return Type.String({ maxLength: argument.maximum, default: '' });
  const { minimum, maximum, fallback } = argument;
  return Type.Integer({ minimum, maximum, default: fallback });
}

function responses(result: TSchema, problems: readonly number[]): object {
  return {
    200: { description: 'Done.', content: json(Type.Object({ result })) },
    ...Object.fromEntries(
      problems.map((status) => [status, { $ref: `#/components/responses/Problem${status}` }]),
    ),
  };
}

function json(schema: object): object {
  return { 'application/json': { schema } };
}
