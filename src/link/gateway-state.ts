import type { GatewayAddress } from '../wire/client-id.js';

/** A gateway as a slot's thread knows it. */
export interface GatewayState extends GatewayAddress {
  readonly up: boolean;
  /** Whether it is a PHP gateway, which knows nothing that Command and Flag mark as ours. */
  readonly php: boolean;
  /** Whether it sends clients to the workers that own their keys: ours do, but for older versions. */
  readonly routes: boolean;
  /** What waits on the way to it (ring/link-gauge.ts); null for the gateway of this process: the command ring shows that. */
  readonly gauge: SharedArrayBuffer | null;
}
