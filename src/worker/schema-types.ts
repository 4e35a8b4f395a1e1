// the application's own: where it has none, no schema is one of typebox's
import type { Static, TObject, TProperties } from 'typebox';

/** What a validator that follows Standard Schema has: zod, valibot, arktype and others. */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>;
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

export type StandardResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] };

export interface StandardIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** Of typebox, or JSON Schema as it is written: what has one of these is a schema, and not the fields of an object. */
type JsonSchema =
  | { readonly '~kind': string }
  | { readonly '~unsafe': unknown }
  | { readonly type: string | readonly string[] }
  | { readonly anyOf: readonly unknown[] }
  | { readonly oneOf: readonly unknown[] }
  | { readonly allOf: readonly unknown[] }
  | { readonly enum: readonly unknown[] }
  | { readonly $ref: string };

/** The data that a handler gets, by the schema, or the fields of an object: what a Standard Schema makes of what came. */
export type DataOf<Schema> =
  Schema extends StandardSchema<infer _, infer Output> ? Output : JsonDataOf<Schema>;

/** The data that is sent, by the same schema: what a Standard Schema takes. */
export type InputOf<Schema> =
  Schema extends StandardSchema<infer Input, infer _> ? Input : JsonDataOf<Schema>;

type JsonDataOf<Schema> = Schema extends JsonSchema
  ? Static<Schema>
  : Schema extends TProperties
    ? Static<TObject<Schema>>
    : unknown;
