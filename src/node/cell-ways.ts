import type { Backbone } from '../backbone/backbone.js';
import { INNER_BUFFER_SIZE } from '../base/buffer-size.js';
import { GatewayError } from '../base/errors.js';
import type { GatewayReplies, GatewayWay, OtherWays } from '../client/gateway-way.js';
import { LinkGauge } from '../ring/link-gauge.js';
import { type GatewayAddress, nameWithCell } from '../wire/client-id.js';
import { decodeFrame, encodeFrame } from '../wire/frame.js';

/** The gateways of other cells, for calls that no worker makes. */
export interface CellWays {
  readonly gateways: readonly GatewayAddress[];
  /** Told when they change, once somebody wants to know. */
  onChange: () => void;
  /** The ways to them. */
  readonly ways: OtherWays;
}

export function cellWays(backbone: Backbone): CellWays {
  let replies: GatewayReplies | undefined;
  const way = backbone.open({
    receive({ clientIp: requestId, body }) {
      // bytes that stay: whoever asked reads them later
      if (body.length === 0) replies?.onUnanswered(requestId);
      else replies?.onReply(requestId, Buffer.from(body));
    },
    cellsChanged: () => cells.onChange(),
  });
  const stateOf = (address: GatewayAddress) =>
    way.gateways.find((gateway) => gateway.ip === address.ip && gateway.port === address.port);

  function wayTo(address: GatewayAddress): GatewayWay {
    const gauge = (): LinkGauge | undefined => {
      const shared = stateOf(address)?.gauge;
      return shared ? new LinkGauge(shared) : undefined;
    };
    return {
      address,
      get open() {
        return stateOf(address)?.up === true;
      },
      get congested() {
        return gauge()?.congested === true;
      },
      get failure() {
        if (this.open) return undefined;
        return new GatewayError(
          'GW_LINK_CLOSED',
          `The gateway ${nameWithCell(stateOf(address) ?? address)} cannot be reached: its node, the backbone or this node’s connection to that is down.`,
        );
      },
      checkRoom() {
        const waiting = gauge()?.buffered ?? 0;
        if (waiting <= INNER_BUFFER_SIZE * 2) return;
        throw new GatewayError(
          'GW_OVERFLOW',
          `${waiting} bytes wait for other cells, ${INNER_BUFFER_SIZE * 2} may; await drained() before more.`,
        );
      },
      send(frame) {
        const { failure } = this;
        if (failure !== undefined) throw failure;
        const sent = decodeFrame(encodeFrame(frame));
        sent.localIp = address.ip;
        sent.localPort = address.port;
        way.send(sent);
        return !this.congested;
      },
      close: async () => await Promise.resolve(),
    };
  }

  const cells: CellWays = {
    get gateways() {
      // a frame for each of them, as for those of the mesh, and not one for all
      return way.gateways.map(({ ip, port }) => ({ ip, port }));
    },
    onChange: () => {},
    ways: (heard) => {
      replies = heard;
      return (address) => (stateOf(address) === undefined ? undefined : wayTo(address));
    },
  };
  return cells;
}
