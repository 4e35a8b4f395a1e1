import type { OwnWay } from '../client/gateway-way.js';
import { Asker } from '../gateway/asker.js';
import type { Gateway } from '../gateway/gateway.js';
import { decodeFrame, encodeFrame } from '../wire/frame.js';

/** Who asks, for logs and errors. */
const NAME = 'the admin listener';

/**
 * The way to the gateway of this very process, for calls that no worker makes: a frame is carried out where it is sent, and
 * answered as soon as whoever asked is ready to hear it.
 */
export function wayTo(gateway: Gateway): OwnWay {
  const { address } = gateway.inner;
  return (replies) => {
    const asker = new Asker(
      {
        name: NAME,
        state: 'open',
        send({ clientIp: requestId, body }) {
          // the frame is used again for the next answer
          const value = Buffer.from(body);
          // whoever asks waits for the answer once the question is sent
          queueMicrotask(() => {
            if (value.length === 0) replies.onUnanswered(requestId);
            else replies.onReply(requestId, value);
          });
          return true;
        },
      },
      address,
    );
    return {
      address,
      open: true,
      congested: false,
      failure: undefined,
      checkRoom() {},
      send(frame) {
        gateway.desk.carryOut(asker, decodeFrame(encodeFrame(frame)));
        return true;
      },
      close: async () => await Promise.resolve(),
    };
  };
}
