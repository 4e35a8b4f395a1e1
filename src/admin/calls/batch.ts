import type { ValidateFunction } from 'ajv';
import { type Static, Type } from '#typebox';
import { Refusal } from '../refusal.js';
import { type CallName, calls } from './calls.js';
import { ajv, type CheckedCall, checkCall } from './check-call.js';

const MAX_CALLS = 1000;
const EXAMPLE =
  'expected {"calls":[{"call":"sendToGroup","arguments":{"group":"news","message":"…"}}]}, with names that GET /openapi.json lists';

/** What a batch is. The arguments of each call are checked as those of the call alone. */
export const batchSchema = Type.Object(
  {
    calls: Type.Array(
      Type.Object(
        {
          call: Type.Enum(Object.keys(calls) as CallName[]),
          arguments: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
        },
        { additionalProperties: false },
      ),
      { maxItems: MAX_CALLS },
    ),
  },
  { additionalProperties: false },
);

let isBatch: ValidateFunction<Static<typeof batchSchema>> | undefined;

/** @throws Refusal when one of the calls is wrong */
export function readBatch(body: unknown): CheckedCall[] {
  isBatch ??= ajv.compile<Static<typeof batchSchema>>(batchSchema);
  if (!isBatch(body)) {
    const [{ instancePath, keyword } = {}] = isBatch.errors ?? [];
    if (keyword === 'maxItems') {
      throw new Refusal(400, `A batch has more than ${MAX_CALLS} calls: send it in parts.`);
    }
    const [, , index] = instancePath?.split('/') ?? [];
    const what = index === undefined ? 'The body is no batch' : `calls[${index}] of the batch is no call`;
    throw new Refusal(400, `${what}; ${EXAMPLE}.`);
  }
  return body.calls.map(({ call, arguments: args = {} }, index) => {
    try {
      return checkCall(call, args);
    } catch (error) {
      const { message } = error as Error;
      throw new Refusal(400, `calls[${index}] is wrong, and so none of the batch was done: ${message}`, {
        code: 'GW_ARGUMENT',
      });
    }
  });
}
