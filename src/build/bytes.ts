type Bytes = typeof globalThis extends { Buffer: { isBuffer(value: unknown): value is infer B } }
  ? B
  : Uint8Array;

/** Node's Buffer, or a Uint8Array in a program without types for node: where the published declarations have theirs from. */
export type { Bytes as Buffer };
