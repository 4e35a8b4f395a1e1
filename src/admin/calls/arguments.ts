import { type Static, type TSchema, Type } from '#typebox';
import type { Message } from '../../api/arguments.js';
import { GatewayError } from '../../base/errors.js';

/*
 * What calls are given and what they answer, as JSON has it: these schemas check the requests, and are what openapi.json
 * shows. `x-expected` is what an argument has to be, in words that fit after "expected".
 */

/** The annotation that is none of JSON Schema's own. */
export const EXPECTED = 'x-expected';

const described = (expected: string, description: string) => ({ [EXPECTED]: expected, description });

const bytes = Type.Object(
  { base64: Type.String({ contentEncoding: 'base64' }) },
  { additionalProperties: false },
);

const MESSAGE = 'a string, or bytes as {"base64":"…"}';

export const message = Type.Union(
  [Type.String(), bytes],
  described(MESSAGE, 'What clients are sent: a string as text, `{"base64":"…"}` as binary.'),
);

export const clientId = Type.String({
  pattern: '^[0-9a-fA-F]{20}$',
  ...described('20 hexadecimal digits', 'Of one client, on whichever node.'),
});

export const clientIds = (description: string) =>
  Type.Array(clientId, described('a list of client ids', description));

export const clientIdOrIds = (description: string) =>
  Type.Union([clientId, Type.Array(clientId)], described('a client id, or a list of them', description));

const NAME = Type.Union([Type.String(), Type.Number()]);

export const name = (description: string) =>
  Type.Union([Type.String(), Type.Number()], described('a string or a number', description));

export const nameOrNames = (description: string) =>
  Type.Union(
    [Type.String(), Type.Number(), Type.Array(NAME)],
    described('a string, a number, or a list of them', description),
  );

export const names = (description: string) =>
  Type.Array(NAME, described('a list of strings or numbers', description));

export const raw = Type.Boolean(
  described('true or false', 'Sends the bytes as they are, without the protocol’s encoding. Default: false.'),
);

export const exclude = clientIdOrIds('Those who do not get it.');

export const code = Type.Integer(
  described(
    '1000 to 1003, 1007 to 1014, or 3000 to 4999',
    'With which a websocket is closed. Default: 1000.',
  ),
);

export const reason = Type.String(
  described('a string of 123 bytes at most', 'With which a websocket is closed.'),
);

export const exclusive = Type.Union(
  [
    Type.Boolean(),
    Type.Object(
      { message: Type.Optional(message), code: Type.Optional(code), reason: Type.Optional(reason) },
      { additionalProperties: false },
    ),
  ],
  described(
    'true, or an object with message, code and reason',
    'Closes every other client that is bound to the uid, on all nodes, with code 4409 if it says no other.',
  ),
);

export const session = Type.Record(
  Type.String(),
  Type.Unknown(),
  described('an object', 'A session: whatever JSON can hold.'),
);

export const scope = Type.Enum(
  ['node', 'cluster'],
  described('"node" or "cluster"', 'Among whom the key has its owner. Default: node, that of the client.'),
);

export const worker = Type.Union(
  [Type.String(), Type.Number(), Type.Object({ name: Type.String() }, { additionalProperties: false })],
  described(
    'a key, or {"name":"…"}',
    'The owner of a key among all workers of the cluster, or the worker of this name.',
  ),
);

export const data = Type.Unknown(
  described('JSON', 'What `onWorkerMessage` gets: JSON, or bytes where it is `{"base64":"…"}`.'),
);

export const event = Type.String({
  minLength: 1,
  ...described('a string such as "said"', 'The message’s name.'),
});

export const namedData = Type.Unknown(
  described('JSON', 'What the message carries, as JSON: each client gets it in its protocol’s way.'),
);

/** A message, or something else that may be bytes, as the call takes it. @throws GW_ARGUMENT for what is no base64 */
export function withBytes(call: string, given: Static<typeof message>): Message;
export function withBytes(call: string, given: unknown): unknown;
export function withBytes(call: string, given: unknown): unknown {
  if (!isBytes(given)) return given;
  const { base64 } = given;
  const decoded = Buffer.from(base64, 'base64');
  // what is none of its letters is passed over
  if (decoded.length === Buffer.byteLength(base64, 'base64')) return decoded;
  throw new GatewayError(
    'GW_ARGUMENT',
    `${call} was given bytes that are no base64: expected letters, digits, + and /, and = at the end.`,
  );
}

function isBytes(value: unknown): value is Static<typeof bytes> {
  if (typeof value !== 'object' || value === null) return false;
  const [key, ...more] = Object.keys(value);
  return key === 'base64' && more.length === 0 && typeof (value as { base64: unknown }).base64 === 'string';
}

/** What calls answer. */
export const result = {
  sent: Type.Boolean({
    description: 'true: on its way. false: that, too, but much waits: let it go out before more.',
  }),
  flag: Type.Boolean(),
  count: Type.Integer({ minimum: 0 }),
  list: Type.Array(Type.String()),
  nothing: Type.Null(),
  textOrNull: nullable(Type.String()),
  session: nullable(Type.Record(Type.String(), Type.Unknown())),
  flags: by(Type.Boolean()),
  counts: by(Type.Integer({ minimum: 0 })),
  lists: by(Type.Array(Type.String())),
  sessions: by(Type.Record(Type.String(), Type.Unknown())),
};

function nullable<T extends TSchema>(schema: T) {
  return Type.Union([schema, Type.Null()]);
}

function by<T extends TSchema>(schema: T) {
  return Type.Record(Type.String(), schema);
}
