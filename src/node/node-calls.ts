import { ClusterCalls, type GatewaySource } from '../client/cluster-calls.js';
import { gatewaysAt } from '../client/discovery.js';
import { GatewayClient } from '../client/gateway-client.js';
import type { OtherCells } from '../cluster/other-cells.js';
import { registersOf } from '../config/registers.js';
import type { NodeConfig } from '../config/schema.js';
import type { Gateway } from '../gateway/gateway.js';
import type { InnerTls } from '../net/inner-socket.js';
import type { Membership } from '../register/membership.js';
import type { GatewayAddress } from '../wire/client-id.js';
import { wayTo } from './own-gateway.js';

/** Milliseconds that Registers have to answer, for a gateway to take a connection, and for the last answers at the end. */
const TIMEOUT = 2000;

export interface NodeCallsOptions {
  readonly config: NodeConfig;
  readonly gateway: Gateway | undefined;
  /** Where its own Register listens. */
  readonly register: string | undefined;
  readonly membership: Membership | undefined;
  readonly otherCells: OtherCells | undefined;
  readonly tls: InnerTls | undefined;
}

/** The Gateway API on a node's main thread: its own gateway, those that its Registers name, and those of other cells. */
export function nodeCalls(options: NodeCallsOptions): ClusterCalls {
  const { config, gateway, register, membership, otherCells: cells, tls } = options;
  const { secretKey, tls: files, backbone } = config.cluster;
  if (backbone !== undefined && cells === undefined) {
    // a Register alone is none of the nodes that the backbone joins
    const registerAddress = registersOf(config, register);
    return new GatewayClient({ registerAddress, secretKey, backbone, ...(files && { tls: files }) });
  }
  const own = gateway === undefined ? [] : [gateway.inner.address];
  const source = (onGateways: (gateways: readonly GatewayAddress[]) => void): GatewaySource => {
    let unwatch: (() => void) | undefined;
    return {
      async start() {
        await membership?.settled(TIMEOUT);
        onGateways(own);
        unwatch = membership?.watch((addresses) => onGateways([...own, ...addresses.flatMap(gatewaysAt)]));
      },
      close: () => unwatch?.(),
    };
  };
  return new ClusterCalls({
    secretKey,
    tls,
    timeout: TIMEOUT,
    own: gateway && wayTo(gateway),
    cells,
    source,
  });
}
