import { type Static, type TProperties, type TSchema, Type } from '#typebox';
import type { ClusterCalls } from '../../client/cluster-calls.js';

/** A call of the Gateway API, as it can be asked for over HTTP. */
export interface Call {
  readonly summary: string;
  /** `send` does something, and is refused with `admin.readOnly`; `query` does not. */
  readonly kind: CallKind;
  /** Its arguments by name, those within the method's options among them. */
  readonly args: TSchema & { readonly properties: TProperties };
  readonly result: TSchema;
  /** @param args what `args` has checked */
  invoke(calls: ClusterCalls, args: unknown): unknown;
}

export type CallKind = 'send' | 'query';

/** The compiler holds the arguments of the method to the schema. */
export function call<P extends TProperties>(
  kind: CallKind,
  summary: string,
  properties: P,
  result: TSchema,
  invoke: (calls: ClusterCalls, args: Static<ReturnType<typeof Type.Object<P>>>) => unknown,
): Call {
  const args = Type.Object(properties, { additionalProperties: false });
  return { kind, summary, args, result, invoke };
}
