/** How a node, or a GatewayClient, reaches NATS, and says who it is there. */
export interface NatsLogin {
  /** Servers of one NATS: `nats://host:4222`, or `tls://host:4222`. One that answers is enough. */
  readonly servers: readonly string[];
  /** PEM files: who has to have signed the servers' certificates, and what this process shows. */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string };
  /** Who this process is for NATS, by one of these ways. */
  readonly user?: string;
  readonly password?: string;
  readonly token?: string;
  /** A seed, `SU…`, or a file that holds one. */
  readonly nkey?: string;
  /** A file with a user's JWT and seed, as `nsc` writes it. */
  readonly credentials?: string;
}
