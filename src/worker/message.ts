import type { Buffer } from 'node:buffer';
import { GatewayError } from '../base/errors.js';
import type { Client } from './client.js';
import type { DataOf, InputOf } from './schema-types.js';

/** A message that clients may send by name, as {@link message} makes it. */
// oxlint-disable-next-line typescript/no-explicit-any -- messages of any data and answer are listed together
export interface ClientMessage<S extends object, Data = any, Answer = any> {
  /** Undefined: no data is expected, and what comes is not looked at. */
  readonly schema: object | undefined;
  handler(client: Client<S>, data: never): unknown;
  /** For types alone: what clients send, and what a request is answered. */
  readonly types?: { readonly data: Data; readonly answer: Answer };
}

/** By their names. */
export type ClientMessages<S extends object> = { readonly [event: string]: ClientMessage<S> };

/**
 * A message that clients may send, for `messages` of {@link defineEvents}. What does not fit never reaches the handler: its
 * sender is answered with an error that names the place. What the handler returns is the answer, where the client asks for
 * one; to refuse, it throws a `Refused`.
 *
 *     say: message({ text: Type.String({ maxLength: 2000 }) }, (client, { text }) => { … })
 *
 * @param schema the fields of an object, each a JSON Schema, such as typebox's, and no others in it; or the schema of the
 *   whole data: JSON Schema, which names its `type`, or of any validator that follows Standard Schema. Without: no data
 * @throws GatewayError GW_ARGUMENT
 */
export function message<S extends object, Answer>(
  handler: (client: Client<S>) => Answer,
): ClientMessage<S, undefined, Awaited<Answer>>;
export function message<S extends object, Schema extends object, Answer>(
  schema: Schema,
  handler: (client: Client<S>, data: DataOf<Schema>) => Answer,
): ClientMessage<S, InputOf<Schema>, Awaited<Answer>>;
export function message(first: unknown, second?: unknown): ClientMessage<object> {
  const [schema, handler] =
    typeof first === 'function' && second === undefined ? [undefined, first] : [first, second];
  const isSchema = (typeof schema === 'object' && schema !== null) || typeof schema === 'function';
  if (typeof handler !== 'function' || !(isSchema || schema === undefined)) {
    throw new GatewayError(
      'GW_ARGUMENT',
      'message() was called without a handler, or with a schema that is no object; expected message({ text: Type.String() }, (client, { text }) => { … }), or message((client) => { … }).',
    );
  }
  return { schema, handler: handler as ClientMessage<object>['handler'] };
}

/** The schema of bytes: a Buffer to the handler. Clients that can send only text send `{"base64":"…"}`. */
export const Bytes = { bytes: true } as unknown as { readonly '~unsafe': Buffer };
