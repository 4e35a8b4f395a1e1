import type { NatsLogin } from '../backbone/login-options.js';

/** How a GatewayClient reaches the clients of all cells: what the nodes have in `cluster.backbone`, without `events`. */
export interface GatewayClientBackbone extends NatsLogin {
  /** The cell of the mesh whose Registers `registerAddress` names. Without any it is of no use. */
  readonly name?: string;
  /** What all subjects begin with. Default `gatewayworker`. */
  readonly prefix?: string;
}
