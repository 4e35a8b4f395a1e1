import { isUtf8 } from 'node:buffer';
import { Flag } from '../wire/command.js';
import { MAX_INNER_PACKAGE } from '../wire/frame.js';
import type { GatewayDialect } from './gateway-dialect.js';
import { PhpSessionView } from './php-session-view.js';

/** Gateways of PHP's, which know nothing that Command and Flag mark as ours. */
export const phpDialect: GatewayDialect = {
  whose: 'which is PHP',
  maxFrameLength: MAX_INNER_PACKAGE,
  newView: () => new PhpSessionView(),
  // they do not tell text from binary websocket messages: what is UTF-8 counts as text
  isText: ({ flags, body }) => (flags & Flag.BINARY) === 0 && isUtf8(body),
};
