import type { Buffer } from 'node:buffer';

/** Mutual TLS between nodes: what each shows, and who has to have signed what the others show. PEM. */
export interface InnerTls {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly ca: Buffer;
}
