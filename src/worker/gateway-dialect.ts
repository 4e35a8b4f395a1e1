import { Flag } from '../wire/command.js';
import { MAX_FRAME_LENGTH, type ReceivedFrame } from '../wire/frame.js';
import { SessionView } from './session-view.js';

/** What is different between gateways, as far as a worker is concerned. */
export interface GatewayDialect {
  /** For messages, behind the gateway's address. */
  readonly whose: string;
  /** Bytes of the longest frame that such a gateway takes. */
  readonly maxFrameLength: number;
  /** A view of a client at such a gateway. */
  newView(): SessionView;
  /** Whether the message that an event brings is text. */
  isText(event: ReceivedFrame): boolean;
}

/** Gateways of ours. */
export const ourDialect: GatewayDialect = {
  whose: 'as every node of ours',
  maxFrameLength: MAX_FRAME_LENGTH,
  newView: () => new SessionView(),
  isText: ({ flags }) => (flags & Flag.BINARY) === 0,
};
