/** How a call of the Gateway API ended. */
export interface Outcome {
  readonly result?: unknown;
  /** From PHP: the result once more, PHP-serialized, in base64, since JSON does not tell all of PHP's types. */
  readonly php?: string;
  readonly error?: { readonly name: string; readonly message: string; readonly code?: string };
}

/** Who can have calls of the Gateway API made: a GatewayClient, or a client whose worker makes them. */
export interface Caller {
  call(call: string, args: readonly unknown[]): Promise<Outcome>;
}

/** For JSON.stringify, which has made a plain object of a Buffer by then: as the event apps and client.php read bytes. */
export function base64(_: string, value: unknown): unknown {
  const { type, data } = (value ?? {}) as { type?: unknown; data?: number[] };
  return type === 'Buffer' && data ? { base64: Buffer.from(data).toString('base64') } : value;
}
