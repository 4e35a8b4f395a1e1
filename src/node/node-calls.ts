import type { Backbone } from '../backbone/backbone.js';
import { ClusterCalls, type GatewaySource } from '../client/cluster-calls.js';
import { gatewaysAt } from '../client/discovery.js';
import type { Gateway } from '../gateway/gateway.js';
import type { InnerTls } from '../net/inner-socket.js';
import type { Membership } from '../register/membership.js';
import type { GatewayAddress } from '../wire/client-id.js';
import { cellWays } from './cell-ways.js';
import { wayTo } from './own-gateway.js';

/** Milliseconds that Registers have to answer, for a gateway to take a connection, and for the last answers at the end. */
const TIMEOUT = 2000;

export interface NodeCallsOptions {
  readonly gateway: Gateway | undefined;
  readonly membership: Membership | undefined;
  readonly backbone: Backbone | undefined;
  readonly secretKey: string;
  readonly tls: InnerTls | undefined;
}

/** The Gateway API on a node's main thread: its own gateway, those that its Registers name, and those of other cells. */
export function nodeCalls({ gateway, membership, backbone, secretKey, tls }: NodeCallsOptions): ClusterCalls {
  const own = gateway === undefined ? [] : [gateway.inner.address];
  const cells = backbone && cellWays(backbone);
  const source = (onGateways: (gateways: readonly GatewayAddress[]) => void): GatewaySource => {
    let unwatch: (() => void) | undefined;
    let others: readonly GatewayAddress[] = [];
    const known = (): void => onGateways([...own, ...others, ...(cells?.gateways ?? [])]);
    return {
      async start() {
        await membership?.settled(TIMEOUT);
        known();
        if (cells !== undefined) cells.onChange = known;
        unwatch = membership?.watch((addresses) => {
          others = addresses.flatMap(gatewaysAt);
          known();
        });
      },
      close: () => unwatch?.(),
    };
  };
  const ways = { own: gateway && wayTo(gateway), others: cells?.ways };
  return new ClusterCalls({ secretKey, tls, timeout: TIMEOUT, ...ways, source });
}
